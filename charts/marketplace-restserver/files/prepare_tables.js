// Makes the marketplace's tables and built-in templates before the server is asked for them: it would do so at its first
// request, and several at once fail or do it twice. Brings tables of OpenPAI 1.5 up to date. Node.js 10, run in the image's
// working directory, whose own models and migration it uses.
'use strict';

const path = require('path');
const Sequelize = require(path.resolve('node_modules/sequelize'));
const models = require(path.resolve('src/models'));

const NO_TABLE = '42P01';
const NO_COLUMN = '42703';
const MIGRATION = path.resolve('migrations/v1_5_to_v1_6_marketplace_item_update.js');

const codeOf = error => (error.original || {}).code;

// Adds the columns that are missing; it may have been stopped half-way before.
async function bringUpToDate() {
  const tables = models.sequelize.getQueryInterface();
  const there = await tables.describeTable('MarketplaceItems');
  const addColumn = (table, column, options) =>
    column in there ? null : tables.addColumn(table, column, options);
  await require(MIGRATION).up({ addColumn }, Sequelize);
}

async function main() {
  try {
    await models.MarketplaceItem.orm.findOne();
    await models.Blob.orm.findOne();
    console.log('the tables are there');
  } catch (error) {
    if (codeOf(error) === NO_TABLE) {
      await models.Blob.list(); // the image's own way to make what is missing
      console.log('the tables have been made');
      return; // it still writes tags: the process ends by itself once its connections are idle
    }
    if (codeOf(error) !== NO_COLUMN) throw error;
    await bringUpToDate();
    console.log('the tables have been brought up to date');
  }
  process.exit(0);
}

main().catch(error => {
  console.error(`the tables can't be prepared: ${error.message}`);
  process.exit(1);
});
