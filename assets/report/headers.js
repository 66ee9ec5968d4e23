/* Headers that explain themselves and sort, by mouse and by keyboard; and so does the label of the totals. */
(function () {
  "use strict";

  const page = window.customerDynamics;
  const { by, none, same, say, answer } = page;

  const watchers = {}; // by table id: who hears of every change of the table

  function attach(tableId) {
    const grid = by(page.GRID_OF[tableId]);
    if (!grid || grid.dataset.attached) return Boolean(grid);
    grid.dataset.attached = "yes";
    let waiting = false;
    grid.addEventListener(
      "scroll",
      () => {
        if (waiting) return;
        waiting = true;
        requestAnimationFrame(() => {
          waiting = false;
          page.scrolled(tableId);
        });
      },
      { passive: true },
    );
    // Before the table hears of it: it would take Tab and the arrows for walking through selected cells.
    grid.addEventListener(
      "keydown",
      (event) => {
        if (!event.target.closest(".dash-table-container")) return;
        // Keys of the whole page go on to it.
        if (!["e", "f", "/", "?"].includes(event.key.toLowerCase()) && !(event.ctrlKey && event.key === "Enter")) event.stopPropagation();
        if (event.key === "Escape") hideTip();
        if (page.walk(event, grid, tableId)) return;
        const head = event.target.closest("th[aria-sort]");
        if (head && (event.key === "Enter" || event.key === " ")) {
          event.preventDefault();
          head.querySelector(".column-header-name").click();
        }
      },
      { capture: true },
    );
    grid.addEventListener(
      "click",
      (event) => {
        const caret = event.target.closest(".fold");
        if (caret) {
          event.stopPropagation();
          hideTip();
          page.fold(caret.parentElement.dataset.group);
          return;
        }
        const head = event.target.closest("th[aria-sort]");
        if (!head) return;
        if (event.ctrlKey || event.metaKey || event.shiftKey) event.stopPropagation(); // it selects the column
        else if (comparing()) {
          event.stopPropagation();
          say("Close the fresh report to sort: then and now stand row beside row.");
        } else {
          event.stopPropagation();
          sortBy(tableId, head);
        }
      },
      { capture: true },
    );
    grid.addEventListener("pointerover", (event) => {
      const head = event.target.closest("[data-about]");
      if (head && event.pointerType !== "touch") showTip(head);
    });
    grid.addEventListener("pointerout", (event) => {
      const head = event.target.closest("[data-about]");
      if (head && !head.contains(event.relatedTarget) && !head.contains(document.activeElement)) hideTip();
    });
    grid.addEventListener("focusin", (event) => {
      const head = event.target.closest("[data-about]");
      if (head) showTip(head);
    });
    grid.addEventListener("focusout", hideTip);
    page.attachSelection(grid, tableId);
    watchers[tableId] = new MutationObserver(() => page.dress(grid, tableId));
    watchers[tableId].observe(grid, { childList: true, subtree: true, characterData: true, attributeFilter: ["data-icon"] });
    return true;
  }

  const comparing = () => !by("again-panel").classList.contains("is-closed");

  /* Of figures the largest are looked for, of labels the first. The third time rows are in the report's order. */
  function sortBy(tableId, head) {
    hideTip();
    const sheet = page.sheets[tableId];
    const id = head.dataset.dashColumn;
    const ways = sheet.ids.indexOf(id) < sheet.fixed ? ["asc", "desc"] : ["desc", "asc"];
    const { sort_by: now } = window.dash_component_api.getLayout(tableId).props;
    const known = (now || []).find((item) => item.column_id === id);
    const next = ways[known ? ways.indexOf(known.direction) + 1 : 0];
    page.set(tableId, { sort_by: next ? [{ column_id: id, direction: next }] : [] });
  }

  /* The tip of a cell that is walked to; none of any other. */
  const tipOf = (cell) => (cell ? showTip(cell) : hideTip());

  /* Tips: a header says what its column is. */

  let tip = null;

  function showTip(head) {
    const about = by(head.dataset.about);
    if (!about) return;
    if (!tip) {
      tip = document.createElement("div");
      tip.className = "header-tip";
      tip.setAttribute("role", "tooltip");
      document.body.append(tip);
    }
    tip.textContent = about.textContent;
    tip.hidden = false;
    const box = head.getBoundingClientRect();
    const width = tip.offsetWidth;
    const room = document.documentElement.clientWidth - width - 8;
    tip.style.left = `${Math.max(8, Math.min(box.left + box.width / 2 - width / 2, room))}px`;
    // Under its header; over what stands at the foot of the table.
    const below = box.bottom + 6 + tip.offsetHeight < document.documentElement.clientHeight;
    tip.style.top = `${below && head.tagName === "TH" ? box.bottom + 6 : box.top - 6 - tip.offsetHeight}px`;
  }

  function hideTip() {
    if (tip) tip.hidden = true;
  }

  /* Focus may scroll the table: the tip goes with its header. The pointer's header scrolls away from under it. */
  function followTip() {
    if (!tip || tip.hidden) return;
    const head = document.activeElement.closest("[data-about]");
    if (head) showTip(head);
    else hideTip();
  }

  Object.assign(page, { watchers, attach, comparing, hideTip, followTip, tipOf });

  answer("report", {
    /* Sorting is done by the server: it is told when the arrows changed. */
    sort(sorted, shown) {
      return same(sorted, shown && shown.sort) ? none() : sorted;
    },
  });
})();
