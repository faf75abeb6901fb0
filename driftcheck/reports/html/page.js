"use strict";
// Filters the findings, copies code, and opens what is printed or linked to.
(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const byId = (id) => document.getElementById(id);
  const cards = all("details.finding");
  const groups = all(".group, .cause, .database");

  const copied = async (text, code) => {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch { // without a permission, or in an old browser
      getSelection().selectAllChildren(code);
      return document.execCommand("copy");
    }
  };
  const copy = async (button) => {
    const code = button.parentElement.querySelector("code");
    const done = await copied(code.textContent, code);
    button.textContent = done ? "Copied" : "Press Ctrl+C";
    byId("said").textContent = button.textContent;
    setTimeout(() => { button.textContent = "Copy"; byId("said").textContent = ""; }, 2000);
  };
  for (const button of all("button.copy")) button.hidden = false;
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button.copy");
    if (button) copy(button);
  });

  const show = (card) => {
    if (!card) return;
    card.open = true;
    card.scrollIntoView();
  };
  const linked = () => show(location.hash.startsWith("#finding-") ? byId(location.hash.slice(1)) : null);
  addEventListener("hashchange", linked);

  let opened = [];
  addEventListener("beforeprint", () => {
    opened = all("details:not([open])").filter((each) => !each.closest("[hidden]"));
    for (const each of opened) each.open = true;
  });
  addEventListener("afterprint", () => {
    for (const each of opened) each.open = false;
  });

  if (!byId("search")) return;
  const search = byId("search");
  const object = byId("object");
  const boxes = all(".filters input[type=checkbox]");
  let texts = null;
  const textsOf = () => texts ??= cards.map((card) => card.textContent.toLowerCase());

  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = {};
    for (const box of boxes) if (box.checked) (chosen[box.name] ??= []).push(box.value);
    const name = object ? object.value : "";
    let count = 0;
    cards.forEach((card, number) => {
      const of = card.dataset;
      const matches = (!name || of.object === name)
        && Object.entries(chosen).every(([key, values]) =>
          values.some((value) => key === "gap" ? of.gap.split(" ").includes(value) : of[key] === value))
        && words.every((word) => textsOf()[number].includes(word));
      card.hidden = !matches;
      count += matches;
    });
    for (const group of groups) group.hidden = !group.querySelector("details.finding:not([hidden])");
    byId("shown").textContent = `${count} of ${cards.length} findings`;
    byId("nothing").hidden = count > 0;
    byId("clear").disabled = count === cards.length;
  };
  let waiting = 0;
  search.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(filter, 120); });
  for (const each of [object, ...boxes]) each?.addEventListener("change", filter);
  const clear = () => {
    search.value = "";
    if (object) object.value = "";
    for (const box of boxes) box.checked = false;
  };
  byId("clear").addEventListener("click", () => { clear(); filter(); search.focus(); });
  const open = (state) => { for (const card of cards) if (!card.hidden) card.open = state; };
  byId("open").addEventListener("click", () => open(true));
  byId("close").addEventListener("click", () => open(false));

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-gap], a[data-object]");
    if (!link) return;
    clear();
    if (object && link.dataset.object) object.value = link.dataset.object;
    for (const box of boxes) box.checked = box.name === "gap" && box.value === link.dataset.gap;
    filter();
  });
  document.querySelector(".filters").hidden = false;
  filter();
  linked();
})();
