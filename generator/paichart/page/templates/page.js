"use strict";
(() => {
  const one = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  all(".scripted, .search, #theme").forEach((element) => { element.hidden = false; });

  // Light and dark: the system's wish, until the reader says otherwise; kept for this session where that is possible.
  const root = document.documentElement;
  const button = one("#theme");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const kept = (value) => {
    try {
      if (value) sessionStorage.setItem("paichart-theme", value);
      return sessionStorage.getItem("paichart-theme");
    } catch {
      return value;
    }
  };
  const show = (theme) => {
    if (theme) root.dataset.theme = theme;
    button.setAttribute("aria-pressed", String((theme || (dark.matches ? "dark" : "light")) === "dark"));
  };
  show(kept());
  dark.addEventListener("change", () => show(root.dataset.theme));
  button.addEventListener("click", () => {
    const theme = button.getAttribute("aria-pressed") === "true" ? "light" : "dark";
    kept(theme);
    show(theme);
  });

  // Machines by name or address.
  const section = one("#machines");
  const field = one("#find");
  const kinds = all(".kind", section).map((kind) => ({
    kind,
    groups: all(".group", kind).map((group) => ({
      group,
      tiles: all(".tiles li", group).map((tile) => [tile, tile.title.toLowerCase()]),
    })),
  }));
  const count = kinds.reduce((sum, kind) => sum + kind.groups.reduce((n, group) => n + group.tiles.length, 0), 0);
  const find = () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    for (const { kind, groups } of kinds) {
      let inKind = 0;
      for (const { group, tiles } of groups) {
        let inGroup = 0;
        for (const [tile, text] of tiles) {
          const fits = words.every((word) => text.includes(word));
          if (tile.hidden === fits) tile.hidden = !fits;
          inGroup += fits;
        }
        group.hidden = !inGroup;
        inKind += inGroup;
      }
      kind.hidden = !inKind;
      if (words.length && inKind) kind.open = true;
      found += inKind;
    }
    section.classList.toggle("finding", words.length > 0 && found <= 500);
    one("#found").textContent = words.length
      ? `${found.toLocaleString("en")} of ${count.toLocaleString("en")} machines`
      : "";
  };
  field.addEventListener("input", find);
  if (field.value) find();

  // The graph: a service with what it needs and what needs it.
  const drawing = one("#drawing");
  const panel = one("#needs");
  const hint = panel.firstElementChild;
  const needs = all(".need", drawing);
  const boxes = all(".box", drawing);
  let held = null;
  const made = (tag, ...content) => {
    const element = document.createElement(tag);
    element.append(...content);
    return element;
  };
  const told = (name, words, lines) => {
    const link = made("a", name);
    link.href = `#s-${name}`;
    return made("div", made("p", link, words), made("ul", ...lines.map((line) => made("li", line))));
  };
  const light = (name) => {
    drawing.classList.toggle("focused", Boolean(name));
    const lit = new Set([name]);
    for (const need of needs) {
      const isLit = need.dataset.from === name || need.dataset.to === name;
      need.classList.toggle("lit", isLit);
      if (isLit) lit.add(need.dataset.from).add(need.dataset.to);
    }
    boxes.forEach((box) => box.classList.toggle("lit", lit.has(box.dataset.name)));
    if (!name) {
      panel.replaceChildren(hint);
      return;
    }
    const texts = (key) => needs.filter((need) => need.dataset[key] === name).map((need) => one("title", need).textContent);
    const own = texts("from").map((text) => text.slice(name.length + 1));
    const others = texts("to");
    panel.replaceChildren(
      told(name, own.length ? "" : " needs none of the others", own),
      ...(others.length ? [told(name, " is needed", others)] : []),
    );
  };
  let finger = false;
  for (const box of boxes) {
    const name = box.dataset.name;
    box.addEventListener("pointerdown", (event) => { finger = event.pointerType === "touch"; });
    box.addEventListener("pointerenter", (event) => { if (event.pointerType === "mouse") light(name); });
    box.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") light(held); });
    box.addEventListener("focus", () => { held = name; light(name); });
    box.addEventListener("blur", () => { held = null; light(null); });
    box.addEventListener("click", (event) => {
      if (!finger) return;
      event.preventDefault();
      held = name;
      light(name);
    });
  }
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { held = null; light(null); }
  });

  // A link to something that is folded opens it; printing opens all.
  const unfold = (id) => {
    const target = id && document.getElementById(id);
    const folded = target && target.closest("details");
    if (folded) folded.open = true;
  };
  addEventListener("hashchange", () => unfold(location.hash.slice(1)));
  unfold(location.hash.slice(1));
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = all("details:not([open])");
    opened.forEach((details) => { details.open = true; });
  });
  addEventListener("afterprint", () => opened.forEach((details) => { details.open = false; }));
  for (const [key, open] of [["open", true], ["close", false]]) {
    all(`[data-${key}]`).forEach((control) => control.addEventListener("click", () => {
      all("details", one(control.dataset[key])).forEach((details) => { details.open = open; });
    }));
  }

  // The list of images.
  all("[data-copy]").forEach((control) => control.addEventListener("click", async () => {
    const source = one(control.dataset.copy);
    let done = true;
    try {
      await navigator.clipboard.writeText(source.textContent);
    } catch {
      getSelection().selectAllChildren(source);
      done = document.execCommand("copy");
    }
    one("#copied").textContent = done ? "copied" : "the list is selected: copy it with the keyboard";
  }));
})();
