/* What the report does in the browser by itself: starting and following a run, the window of a long table, headers that
 * explain themselves and sort by keyboard, the column chooser, the address bar, the clipboard, and print.
 *
 * Nothing here knows a figure: every text comes formatted from the server. */
(function () {
  "use strict";

  const GRID_OF = { "report-table": "report-grid", "again-table": "again-grid" };
  const WINDOW = 60; // rows beyond which a report is shown through a window, as in layouts/table.py
  const MARGIN = 16; // of them above and below what is in view
  const POLL_AFTER = 350; // milliseconds: from 150 on assets/report.css shows "Asking"; most queries are answered by then
  const POLL_EVERY = 400;
  const FILL_AFTER = 200; // milliseconds after a long report has appeared
  const HEADER_ROWS = 2;

  const sheets = {}; // by table id: all rows of its report, and which of them are on the page
  const moved = {}; // by table id: whether it is scrolled down
  const watchers = {}; // by table id: who hears of every change of the table
  const none = () => window.dash_clientside.no_update;
  const set = (id, props) => window.dash_clientside.set_props(id, props);
  const by = (id) => document.getElementById(id);

  /* ------------------------------------------------------------------ running */

  const ASKING = "Asking";
  let running = null; // the id of the run that was begun last
  let words = ASKING; // what it is said to do

  function newRun() {
    const bytes = crypto.getRandomValues(new Uint8Array(12));
    running = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    if (words !== ASKING) tell(ASKING); // of the run before
    const id = running;
    setTimeout(() => follow(id), POLL_AFTER);
    // What its place on the page holds is drawn first, the rows around that a moment later.
    return { id, rows: roomFor(by("report-grid")) };
  }

  /* How many rows of a long table are in view at most, besides its headers; the last may be cut off. */
  function roomFor(grid) {
    const height = parseFloat(getComputedStyle(grid).maxHeight) || window.innerHeight;
    return Math.ceil(height / rowHeight(grid)) - HEADER_ROWS;
  }

  function tell(text) {
    words = text;
    set("report-progress-words", { children: text });
  }

  /* Straight into the store that the query listens to. A second click may come before the page shows that it runs, and
   * with that disables the button. Should it never do so, Query is not dead for more than a moment. */
  const GIVE_UP_AFTER = 1000; // milliseconds
  let begun = null; // when a run was asked for that is not shown yet
  const shown = new MutationObserver(() => {
    begun = null;
  });
  document.addEventListener("click", (event) => {
    const query = event.target.closest("#form-query");
    if (!query || query.disabled || (begun !== null && event.timeStamp - begun < GIVE_UP_AFTER)) return;
    begun = event.timeStamp;
    shown.observe(by("report-progress"), { attributeFilter: ["class"] });
    set("run-store", { data: newRun() });
  });

  async function follow(id) {
    const progress = by("report-progress");
    const goesOn = () => id === running && progress.classList.contains("is-running");
    if (!goesOn()) return;
    try {
      const answer = await fetch(`/-/run/${id}`);
      const { stage } = await answer.json();
      if (stage && stage !== words && goesOn() && !progress.dataset.stopping) tell(stage);
    } catch {
      /* the next poll may reach the server again; the run itself reports what went wrong */
    }
    setTimeout(() => follow(id), POLL_EVERY);
  }

  document.addEventListener("click", (event) => {
    if (!event.target.closest("#report-cancel")) return;
    const progress = by("report-progress");
    progress.dataset.stopping = "yes";
    tell("Stopping");
    const ended = setInterval(() => {
      if (progress.classList.contains("is-running")) return;
      delete progress.dataset.stopping;
      clearInterval(ended);
    }, 100);
  });

  /* ------------------------------------------------------------------ the window of a long table */

  function receive(tableId, data) {
    const grid = by(GRID_OF[tableId]);
    if (!data || !grid) return;
    const sheet = { ...data, from: 0, to: data.count, long: Boolean(data.rows), base: undefined };
    sheets[tableId] = sheet;
    // The table has got the first rows of a long sheet: how many tells where its window ends.
    if (sheet.long && !isBound(tableId, sheet)) sheet.to = Math.min(sheet.count, WINDOW);
    // Whatever asks for a size comes last, and only if it must: the table is then measured once, for the paint as well.
    dress(grid, tableId);
    watchers[tableId].takeRecords(); // of what has just been dressed
    pad(grid, sheet);
    if (moved[tableId]) grid.scrollTop = 0;
    placeFixed(grid, sheet);
    agree(tableId, sheet.sort);
    if (sheet.long) setTimeout(() => sheets[tableId] === sheet && fill(tableId, sheet), FILL_AFTER);
  }

  /* The rows above and below what is in view, so that scrolling finds them there. */
  function fill(tableId, sheet) {
    const grid = by(GRID_OF[tableId]);
    const wanted = Math.min(sheet.count, visibleRows(grid) + 2 * MARGIN);
    if (!isBound(tableId, sheet) || wanted <= sheet.to - sheet.from) return;
    widen(tableId, sheet, wanted);
    pad(grid, sheet);
  }

  const visibleRows = (grid) => Math.ceil(grid.clientHeight / rowHeight(grid));

  /* Headers and view tell the order of the rows that came, whatever was clicked while these were on their way. */
  function agree(tableId, sort) {
    if (!sort) return;
    const propsOf = (id) => window.dash_component_api.getLayout(id).props;
    if (!same(propsOf(tableId).sort_by, sort)) set(tableId, { sort_by: sort });
    const { data } = propsOf("view-store");
    if (!same(data.sort, sort)) set("view-store", { data: { ...data, sort } });
  }

  const same = (one, other) => JSON.stringify(one || []) === JSON.stringify(other || []);

  /* Where each grouping column sticks: right of those before it. */
  function placeFixed(grid, sheet) {
    const table = grid.querySelector("table.cell-table");
    const cells = table && table.rows[1] ? Array.from(table.rows[1].cells).slice(0, sheet.fixed) : [];
    let left = 0;
    cells.forEach((cell, place) => {
      if (!place) return; // always at the edge, as the style sheet says
      left += cells[place - 1].offsetWidth;
      const name = `--left-${place + 1}`;
      if (grid.style.getPropertyValue(name) !== `${left}px`) grid.style.setProperty(name, `${left}px`);
    });
  }

  function pad(grid, sheet) {
    const { style } = grid.firstElementChild;
    const height = sheet.long ? rowHeight(grid) : 0;
    style.paddingTop = sheet.long ? `${sheet.from * height}px` : "";
    style.paddingBottom = sheet.long ? `${(sheet.count - sheet.to) * height}px` : "";
  }

  const rowHeight = (grid) => parseFloat(getComputedStyle(grid).getPropertyValue("--row")) || 30;

  function scrolled(tableId) {
    const sheet = sheets[tableId];
    const grid = by(GRID_OF[tableId]);
    moved[tableId] = grid.scrollTop > 0;
    followTip();
    if (sheet && sheet.marks) scrollTogether(grid);
    if (!sheet || !sheet.long || !isBound(tableId, sheet)) return;
    const height = rowHeight(grid);
    const first = Math.floor(grid.scrollTop / height);
    const visible = visibleRows(grid);
    fill(tableId, sheet);
    const near = MARGIN / 2;
    const early = sheet.from > 0 && first - near < sheet.from;
    const late = sheet.to < sheet.count && first + visible + near > sheet.to;
    if (!early && !late) return;
    const size = sheet.to - sheet.from;
    sheet.from = Math.max(0, Math.min(first - MARGIN, sheet.count - size));
    sheet.to = sheet.from + size;
    pad(grid, sheet);
    dress(grid, tableId);
  }

  /* A window of other rows is written straight into the cells: drawn by the table's own renderer it would take many times
   * as long, and scrolling would stutter. The renderer knows nothing of it, and may draw some cells anew at any time, so
   * dress() compares every cell with what it should say after every change of the table, before it is painted.
   *
   * What it should say: the rows of the sheet in its window if the table's data is the one that came with the sheet
   * ("bound"), else the table's data itself; a new report's data may be drawn a moment before its sheet arrives. */
  const dataOf = (tableId) => window.dash_component_api.getLayout(tableId).props.data || [];

  function isBound(tableId, sheet) {
    const data = dataOf(tableId);
    if (sheet.base === data) return true;
    // Only a first sight of the data may bind: its first row must be the sheet's own.
    const size = data.length - sheet.pinned.length;
    const same = sheet.base === undefined && size > 0 && sheet.ids.every((id, place) => data[0][id] === sheet.rows[0][place]);
    if (!same) return false;
    sheet.base = data;
    sheet.to = sheet.from + size;
    return true;
  }

  /* A taller window than before needs more rows in the table; these its renderer draws. */
  function widen(tableId, sheet, size) {
    const rows = [...sheet.rows.slice(0, size), ...sheet.pinned];
    set(tableId, { data: rows.map((row) => Object.fromEntries(sheet.ids.map((id, place) => [id, row[place]]))) });
    sheet.base = dataOf(tableId);
    sheet.from = Math.min(sheet.from, sheet.count - size);
    sheet.to = sheet.from + size;
  }

  /* Then and now stand row beside row: where one is looked at, the other shows the same place. */
  function scrollTogether(grid) {
    for (const gridId of Object.values(GRID_OF)) {
      const other = by(gridId);
      if (other === grid || other.closest(".is-closed")) continue;
      other.scrollLeft = grid.scrollLeft;
      other.scrollTop = grid.scrollTop;
    }
  }

  /* ------------------------------------------------------------------ dressing: what the table does not say itself */

  function dress(grid, tableId) {
    const table = grid.querySelector("table.cell-table");
    const sheet = sheets[tableId];
    if (!table || !sheet) return;
    label(table, "aria-label", grid.getAttribute("aria-label"));
    label(table, "aria-rowcount", String(sheet.count + sheet.pinned.length + HEADER_ROWS));
    const rows = table.rows;
    if (rows.length < HEADER_ROWS) return;
    for (const head of rows[0].cells) dressGroup(head);
    for (const head of rows[1].cells) dressHeader(head);
    const fixed = sheet.fixed;
    const last = rows.length - sheet.pinned.length;
    const ids = Array.from(rows[1].cells, (head) => head.dataset.dashColumn);
    const places = ids.map((id) => sheet.ids.indexOf(id));
    const windowed = sheet.long && isBound(tableId, sheet);
    const data = dataOf(tableId);
    for (let place = 0; place < rows.length; place += 1) {
      const row = rows[place];
      const pinned = place >= last;
      label(row, "aria-rowindex", String(place < HEADER_ROWS ? place + 1 : pinned ? sheet.count + place - last + 3 : sheet.from + place + 1));
      if (place < HEADER_ROWS) continue;
      row.classList.toggle("is-pinned", pinned);
      const mark = pinned || !sheet.marks ? "" : sheet.marks[sheet.from + place - HEADER_ROWS] || "";
      row.classList.toggle("is-absent", mark === "absent");
      row.classList.toggle("is-lone", mark === "lone");
      const cells = row.cells;
      const body = place - HEADER_ROWS;
      const shown = windowed && (pinned ? sheet.pinned[place - last] : sheet.rows[sheet.from + body]);
      for (let column = 0; column < cells.length; column += 1) {
        const cell = cells[column];
        const should = windowed ? shown && shown[places[column]] : data[body] && data[body][ids[column]];
        const box = cell.firstElementChild;
        if (should !== undefined && box && box.textContent !== should) box.textContent = should;
        if (column < fixed) {
          if (cell.getAttribute("role") !== "rowheader") cell.setAttribute("role", "rowheader");
        } else {
          const text = cell.textContent;
          cell.toggleAttribute("data-negative", text.charCodeAt(0) === 0x2212);
          if (sheet.marks) cell.toggleAttribute("data-changed", text.includes("\n"));
          else if (cell.hasAttribute("data-changed")) cell.removeAttribute("data-changed");
        }
      }
    }
  }

  function label(element, name, value) {
    if (element.getAttribute(name) !== value) element.setAttribute(name, value);
  }

  function dressGroup(head) {
    const name = head.querySelector(".column-header-name");
    const group = name ? name.textContent : "";
    const about = group && document.querySelector(`[data-group="${CSS.escape(group)}"][id^="about-group"]`);
    if (!about) {
      // Over the columns that say what a row is about there is no heading.
      if (name) name.removeAttribute("tabindex");
      head.removeAttribute("data-about");
      head.setAttribute("data-empty", "");
      return;
    }
    head.removeAttribute("data-empty");
    label(head, "scope", "colgroup");
    label(head, "data-about", about.id);
    label(name, "tabindex", "0");
    label(name, "aria-describedby", about.id);
  }

  function dressHeader(head) {
    const name = head.querySelector(".column-header-name");
    if (!name) return;
    const about = `about-${head.dataset.dashColumn}`;
    const arrow = head.querySelector(".column-header--sort svg");
    const way = { "sort-up": "ascending", "sort-down": "descending" }[arrow && arrow.dataset.icon] || "none";
    label(head, "scope", "col");
    label(head, "data-about", about);
    label(head, "aria-sort", way);
    label(name, "tabindex", "0");
    label(name, "role", "button");
    label(name, "aria-describedby", about);
  }

  function attach(tableId) {
    const grid = by(GRID_OF[tableId]);
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
          scrolled(tableId);
        });
      },
      { passive: true },
    );
    // Before the table hears of it: it would take Tab and the arrows for walking through selected cells.
    grid.addEventListener(
      "keydown",
      (event) => {
        if (!event.target.closest(".dash-table-container")) return;
        event.stopPropagation();
        if (event.key === "Escape") hideTip();
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
        const head = event.target.closest("th[aria-sort]");
        if (!head) return;
        if (comparing()) {
          event.stopPropagation();
          say("Close the fresh report to sort: then and now stand row beside row.");
        } else if (!event.target.closest(".column-header--sort")) sortBy(head);
      },
      { capture: true },
    );
    grid.addEventListener("pointerover", (event) => {
      const head = event.target.closest("th[data-about]");
      if (head && event.pointerType !== "touch") showTip(head);
    });
    grid.addEventListener("pointerout", (event) => {
      const head = event.target.closest("th[data-about]");
      if (head && !head.contains(event.relatedTarget) && !head.contains(document.activeElement)) hideTip();
    });
    grid.addEventListener("focusin", (event) => {
      const head = event.target.closest("th[data-about]");
      if (head) showTip(head);
    });
    grid.addEventListener("focusout", hideTip);
    watchers[tableId] = new MutationObserver(() => dress(grid, tableId));
    watchers[tableId].observe(grid, { childList: true, subtree: true, characterData: true, attributeFilter: ["data-icon"] });
    return true;
  }

  const comparing = () => !by("again-panel").classList.contains("is-closed");

  const sortBy = (head) =>
    head.querySelector(".column-header--sort").dispatchEvent(new MouseEvent("click", { bubbles: true }));

  /* ------------------------------------------------------------------ tips */

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
    tip.style.top = `${box.bottom + 6}px`;
  }

  function hideTip() {
    if (tip) tip.hidden = true;
  }

  /* Focus may scroll the table: the tip goes with its header. The pointer's header scrolls away from under it. */
  function followTip() {
    if (!tip || tip.hidden) return;
    const head = document.activeElement.closest("th[data-about]");
    if (head) showTip(head);
    else hideTip();
  }

  /* ------------------------------------------------------------------ popovers: Info and Columns */

  function toggle(button, panel, open) {
    if (!button || !panel) return;
    button.setAttribute("aria-expanded", String(open));
    panel.classList.toggle("is-open", open);
    panel.hidden = !open;
    if (open) keepInside(panel);
  }

  function keepInside(panel) {
    panel.style.removeProperty("--shift");
    const box = panel.getBoundingClientRect();
    const over = box.right - (document.documentElement.clientWidth - 8);
    const under = 8 - box.left;
    if (over > 0) panel.style.setProperty("--shift", `${-over}px`);
    else if (under > 0) panel.style.setProperty("--shift", `${under}px`);
  }

  const POPOVERS = { "report-info": "report-info-text", "report-columns": "report-columns-panel" };

  document.addEventListener("click", (event) => {
    for (const [buttonId, panelId] of Object.entries(POPOVERS)) {
      const [button, panel] = [by(buttonId), by(panelId)];
      if (!button || !panel) continue;
      if (button.contains(event.target)) {
        const open = panel.hidden || (buttonId === "report-info" && button.dataset.by !== "click");
        button.dataset.by = "click";
        toggle(button, panel, open);
      } else if (!panel.contains(event.target)) {
        toggle(button, panel, false);
        delete button.dataset.by;
      }
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    hideTip();
    for (const [buttonId, panelId] of Object.entries(POPOVERS)) {
      const [button, panel] = [by(buttonId), by(panelId)];
      if (!panel || panel.hidden) continue;
      const inside = panel.contains(document.activeElement);
      toggle(button, panel, false);
      delete button.dataset.by;
      if (inside) button.focus();
    }
  });

  /* Info shows itself to the pointer and to focus too, and stays while either is there. */
  function attachInfo() {
    const button = by("report-info");
    if (!button || button.dataset.attached) return;
    button.dataset.attached = "yes";
    const anchor = button.parentElement;
    const panel = by("report-info-text");
    const open = (event) => {
      if (event.pointerType !== "touch" && panel.hidden) {
        button.dataset.by = "hover";
        toggle(button, panel, true);
      }
    };
    const close = () => {
      if (button.dataset.by !== "click" && !anchor.matches(":hover, :focus-within")) toggle(button, panel, false);
    };
    anchor.addEventListener("pointerenter", open);
    anchor.addEventListener("focusin", () => {
      if (button.matches(":focus-visible")) open({});
    });
    anchor.addEventListener("pointerleave", close);
    anchor.addEventListener("focusout", () => setTimeout(close));
  }

  /* ------------------------------------------------------------------ the column chooser */

  let view = null;

  function allColumns() {
    return JSON.parse(by("report-columns-panel").dataset.chooser);
  }

  function fillChooser() {
    const panel = by("report-columns-panel");
    if (panel.childElementCount) return;
    const head = document.createElement("div");
    head.className = "column-head";
    const all = document.createElement("button");
    all.type = "button";
    all.className = "btn btn-quiet btn-sm";
    all.textContent = "Show all";
    all.addEventListener("click", () => chosen(allColumns().flatMap(({ columns }) => columns.map(({ id }) => id))));
    head.append(Object.assign(document.createElement("strong"), { textContent: "Columns" }), all);
    const sets = document.createElement("div");
    sets.className = "column-sets";
    for (const { group, columns } of allColumns()) {
      const box = document.createElement("div");
      box.className = "column-set";
      box.setAttribute("role", "group");
      box.setAttribute("aria-label", group);
      const whole = checkbox(group, group, () => {
        const ids = columns.map(({ id }) => id);
        const shown = view.columns.filter((id) => !ids.includes(id));
        chosen(whole.querySelector("input").checked ? [...shown, ...ids] : shown);
      });
      whole.classList.add("column-whole");
      whole.querySelector("input").dataset.columns = columns.map(({ id }) => id).join(" ");
      box.append(whole);
      for (const { id, label: words } of columns) {
        const one = checkbox(words, `${group}: ${words}`, () => {
          const shown = view.columns.filter((other) => other !== id);
          chosen(one.querySelector("input").checked ? [...shown, id] : shown);
        });
        one.querySelector("input").dataset.columns = id;
        box.append(one);
      }
      sets.append(box);
    }
    panel.append(head, sets);
  }

  /* The columns of a report that the view shows, as layouts/table.py gives them. */
  function shownColumns(specs) {
    const hidden = allColumns().flatMap(({ columns }) => columns.map(({ id }) => id)).filter((id) => !view.columns.includes(id));
    const shown = [];
    for (const { id, name } of specs) {
      if (hidden.includes(id)) continue;
      const last = shown[shown.length - 1];
      // Neighbours of one name would be merged in the lower header too: an invisible character keeps them apart.
      shown.push({ id, name: [name[0], last && last.name[1] === name[1] ? `${name[1]}\u200b` : name[1]] });
    }
    return shown;
  }

  function checkbox(words, name, changed) {
    const line = document.createElement("label");
    line.className = "check";
    const input = Object.assign(document.createElement("input"), { type: "checkbox" });
    input.className = "form-check-input";
    input.setAttribute("aria-label", name);
    input.addEventListener("change", changed);
    line.append(input, Object.assign(document.createElement("span"), { textContent: words }));
    return line;
  }

  function chosen(ids) {
    const known = allColumns().flatMap(({ columns }) => columns.map(({ id }) => id));
    const columns = known.filter((id) => ids.includes(id));
    if (!columns.length) {
      say("At least one column stays: choose another one first.");
      paintChooser();
      return;
    }
    set("view-store", { data: { ...view, columns } });
    set("report-chosen", { data: columns });
  }

  function paintChooser() {
    const panel = by("report-columns-panel");
    for (const input of panel.querySelectorAll("input")) {
      const ids = input.dataset.columns.split(" ");
      const shown = ids.filter((id) => view.columns.includes(id)).length;
      input.checked = shown === ids.length;
      input.indeterminate = shown > 0 && shown < ids.length;
    }
  }

  /* ------------------------------------------------------------------ the clipboard */

  let note = null;
  let noteEnds = 0;

  function say(text, field) {
    if (!note) {
      note = document.createElement("div");
      note.className = "toast-note";
      note.setAttribute("role", "status");
      document.body.append(note);
    }
    note.replaceChildren(text);
    if (field) note.append(field);
    note.classList.add("is-shown");
    clearTimeout(noteEnds);
    noteEnds = setTimeout(() => note.classList.remove("is-shown"), field ? 20000 : 3000);
  }

  async function copy(path) {
    const address = new URL(path, window.location.origin).href;
    try {
      await navigator.clipboard.writeText(address);
      say("Link copied");
    } catch {
      // Without a secure connection or a permission the browser lets no page write: the person copies it themselves.
      const field = Object.assign(document.createElement("input"), { value: address, readOnly: true });
      field.setAttribute("aria-label", "Link to copy");
      field.className = "form-control form-control-sm";
      say("Copy this link: ", field);
      field.select();
    }
  }

  /* ------------------------------------------------------------------ print: the whole report, not its window */

  const longestLine = (text) => Math.max(...text.split("\n").map((line) => line.length));

  window.addEventListener("beforeprint", () => {
    for (const [tableId, gridId] of Object.entries(GRID_OF)) {
      const grid = by(gridId);
      const sheet = sheets[tableId];
      const table = grid && grid.querySelector("table.cell-table");
      if (!sheet || !table || !table.rows.length || grid.closest(".is-closed")) continue;
      const shown = Array.from(table.rows[1].cells, (cell) => cell.dataset.dashColumn);
      const places = shown.map((id) => sheet.ids.indexOf(id));
      const printed = document.createElement("table");
      printed.className = "printed";
      const head = printed.createTHead();
      for (let place = 0; place < HEADER_ROWS; place += 1) {
        const row = head.insertRow();
        for (const cell of table.rows[place].cells) {
          const copied = document.createElement("th");
          copied.colSpan = cell.colSpan;
          copied.textContent = cell.textContent;
          row.append(copied);
        }
      }
      const body = printed.createTBody();
      const texts = sheet.rows
        ? [...sheet.rows, ...sheet.pinned].map((row) => places.map((place) => row[place]))
        : Array.from(table.rows).slice(HEADER_ROWS).map((row) => Array.from(row.cells, (cell) => cell.textContent));
      texts.forEach((row, place) => {
        const line = body.insertRow();
        if (place >= texts.length - sheet.pinned.length) line.className = "is-pinned";
        row.forEach((text, column) => {
          const cell = line.insertCell();
          if (column < sheet.fixed) cell.className = "is-label";
          cell.textContent = text;
        });
      });
      // As large as an A4 sheet on its side allows: digits are about 0.6 em wide, cells have 0.9 em around them.
      const wide = places.reduce((sum, _, column) => sum + 0.9 + 0.6 * Math.max(4, ...texts.map((row) => longestLine(row[column]))), 0);
      printed.style.fontSize = `${Math.min(8, 690 / wide).toFixed(2)}pt`;
      grid.append(printed);
    }
  });

  window.addEventListener("afterprint", () => document.querySelectorAll(".printed").forEach((table) => table.remove()));

  /* ------------------------------------------------------------------ what Dash calls */

  const report = {
    start(runNow, busy) {
      return busy || !runNow ? none() : newRun();
    },
    startAgain(clicks, busy) {
      return busy || !clicks ? none() : newRun();
    },
    sort(sortBy, shown) {
      return same(sortBy, shown && shown.sort) ? none() : sortBy;
    },
    choose(now) {
      const before = view && JSON.stringify(view.columns);
      view = now;
      attachInfo();
      fillChooser();
      paintChooser();
      if (before === null || before === JSON.stringify(now.columns)) return;
      for (const tableId of Object.keys(sheets)) set(tableId, { columns: shownColumns(sheets[tableId].columns) });
    },
    rows(data) {
      attach("report-table");
      receive("report-table", data);
    },
    rowsAgain(data) {
      attach("again-table");
      receive("again-table", data);
    },
    address(data) {
      if (!data) return;
      // Another report has no fresh one beside it yet.
      if (comparing()) set("again-panel", { className: "again is-closed" });
      const path = `/view?id=${data.link}`;
      if (window.location.pathname + window.location.search !== path) window.history.pushState(null, "", path);
    },
    copied(data) {
      if (data) copy(data.path);
    },
  };
  window.dash_clientside = Object.assign({}, window.dash_clientside, { report });
})();
