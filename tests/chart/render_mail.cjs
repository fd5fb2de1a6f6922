// Renders a mail as alert-handler v1.8.0 does (email-templates 7.1): EJS makes subject and page, html-to-text makes
// what mail clients without pages show. Reads {subject, html, locals} as JSON and writes {subject, html, text}.
const ejs = require('ejs');
const htmlToText = require('html-to-text');

const given = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const html = ejs.render(given.html, given.locals);
const mail = {
  subject: ejs.render(given.subject, given.locals).trim(),
  html,
  text: htmlToText.fromString(html, { ignoreImage: true }),
};
process.stdout.write(JSON.stringify(mail));
