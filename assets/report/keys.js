/* Keys for the whole page, and the list of them. */
(function () {
  "use strict";

  const { by } = window.customerDynamics;

  const KEYS = [
    ["Ctrl Enter", "Query"],
    ["E", "Edit the form"],
    ["F", "Add a filter"],
    ["/", "Filter the rows of the table"],
    ["?", "Show these keys"],
    ["Arrows", "Walk through the table; upwards into its headers"],
    ["Enter", "On a header: sort by it; on a heading: fold its group"],
    ["Shift Arrows", "Select cells"],
    ["Ctrl Space", "Select the columns of the selected cells"],
    ["Ctrl A", "Select everything"],
    ["Ctrl C", "Copy what is selected"],
    ["Escape", "Close, or select nothing"],
  ];

  let list = null;

  function show() {
    if (!list) {
      list = document.createElement("dialog");
      list.className = "dialog keys";
      list.setAttribute("aria-label", "Keys");
      const title = Object.assign(document.createElement("h2"), { className: "dialog-title", textContent: "Keys" });
      const words = document.createElement("dl");
      for (const [keys, what] of KEYS) {
        const term = document.createElement("dt");
        term.append(...keys.split(" ").map((key) => Object.assign(document.createElement("kbd"), { textContent: key })));
        words.append(term, Object.assign(document.createElement("dd"), { textContent: what }));
      }
      const close = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-quiet", textContent: "Close" });
      close.addEventListener("click", () => list.close());
      const body = Object.assign(document.createElement("div"), { className: "dialog-body" });
      body.append(title, words, close);
      list.append(body);
      document.body.append(list);
    }
    list.showModal();
  }

  function edit(then) {
    const folded = by("form-panel").classList.contains("folded");
    if (folded) by("form-edit").click();
    // Unfolding gives the focus to the period first.
    const follow = (left) => {
      const field = by(then);
      const ready = field.offsetParent && (!folded || document.activeElement === by("period-range"));
      if (!ready && left) {
        setTimeout(() => follow(left - 1), 20);
        return;
      }
      field.focus();
      if (then === "filters-add") field.click();
    };
    follow(100);
  }

  const ACTS = {
    e: () => edit("period-range"),
    f: () => edit("filters-add"),
    "/": () => window.customerDynamics.openFind(),
    "?": show,
  };

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.altKey) return;
    const at = event.target instanceof Element ? event.target : document.body;
    if (document.querySelector("dialog[open], .modal.show")) return;
    const command = event.ctrlKey || event.metaKey;
    if (command && event.key === "Enter") {
      const query = by("form-query");
      if (!query || query.disabled) return;
      event.preventDefault();
      setTimeout(() => query.click(), 60); // a change that came with it arrives first
      return;
    }
    if (command || at.closest("input, textarea, select, [contenteditable], [role=listbox], [role=menu]")) return;
    const act = ACTS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act || !by("form-panel")) return;
    event.preventDefault();
    act();
  });

  document.addEventListener("click", (event) => {
    if (event.target instanceof Element && event.target.closest(".keys-open")) show();
  });
})();
