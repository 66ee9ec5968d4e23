/* What the form does without asking the server. Called by name from callbacks/form.py. */
(function () {
  "use strict";

  const none = () => window.dash_clientside.no_update;
  const triggers = () => window.dash_clientside.callback_context.triggered.map((item) => item.prop_id.split(".")[0]);

  /* Today's date in a zone; a zone that this browser does not know counts as UTC. */
  function todayIn(zone) {
    const options = { year: "numeric", month: "2-digit", day: "2-digit" };
    try {
      return new Intl.DateTimeFormat("en-CA", { ...options, timeZone: zone }).format(new Date());
    } catch (unknown) {
      return new Date().toISOString().slice(0, 10);
    }
  }

  /* Browsers still give some zones the names they had before. */
  const renamed = {
    "America/Buenos_Aires": "America/Argentina/Buenos_Aires",
    "America/Godthab": "America/Nuuk",
    "America/Indianapolis": "America/Indiana/Indianapolis",
    "America/Louisville": "America/Kentucky/Louisville",
    "Asia/Calcutta": "Asia/Kolkata",
    "Asia/Katmandu": "Asia/Kathmandu",
    "Asia/Rangoon": "Asia/Yangon",
    "Asia/Saigon": "Asia/Ho_Chi_Minh",
    "Atlantic/Faeroe": "Atlantic/Faroe",
    "Europe/Kiev": "Europe/Kyiv",
    "Pacific/Enderbury": "Pacific/Kanton",
    "Pacific/Ponape": "Pacific/Pohnpei",
    "Pacific/Truk": "Pacific/Chuuk",
  };

  /* Once Dash has drawn what a callback changed. */
  const afterPaint = (act) => setTimeout(() => requestAnimationFrame(act), 30);

  /* What a field asks for, as text: only groupings have an order that means something. */
  function meant(id, value) {
    if (!Array.isArray(value) || !value.length) return String(value ?? "");
    const parts = value.map(String);
    return JSON.stringify(id === "group-by-chosen" ? parts : parts.sort());
  }

  const form = {
    same: (value) => value,

    /* A quick range shows its dates; dates of one's own make the range "custom". */
    keepPeriod(range, zone, from, fromTime, to, toTime, calendar) {
      const changed = triggers();
      const day = calendar[todayIn(zone)];
      const dates = day && day[range];
      if (changed.includes("period-range") || changed.includes("period-zone")) {
        if (!dates) return [none(), none(), none(), none(), none()];
        return [none(), dates[0], "", dates[1], ""];
      }
      if (range === "custom" || (dates && dates[0] === from && dates[1] === to && !fromTime && !toTime)) {
        return [none(), none(), none(), none(), none()];
      }
      return ["custom", none(), none(), none(), none()];
    },

    /* At the first visit the person's own zone is the best guess. */
    chooseOwnZone(firstVisit, options) {
      const ask = (zone) => requestAnimationFrame(() => window.customerDynamics.askFirst(zone));
      if (!firstVisit) {
        ask();
        return none();
      }
      const reported = Intl.DateTimeFormat().resolvedOptions().timeZone;
      const zone = renamed[reported] || reported;
      const known = options.some((option) => option.value === zone);
      ask(known ? zone : undefined);
      return known ? zone : none();
    },

    changeFilters(picked, ...rest) {
      const rowOf = rest[rest.length - 1];
      const keys = Object.keys(rowOf);
      const fieldOf = (key) => rowOf[key].replace(/-row$/, "");
      const shown = rest[keys.length] || [];
      const values = keys.map(() => none());
      const changed = triggers();
      if (changed.includes("filters-add")) {
        if (!picked || shown.includes(picked.value)) return [none(), ...values];
        afterPaint(() => document.getElementById(fieldOf(picked.value)).focus());
        return [shown.concat([picked.value]), ...values];
      }
      const index = keys.findIndex((key) => changed.includes(`${fieldOf(key)}-remove`));
      if (index < 0) return [none(), ...values];
      values[index] = [];
      afterPaint(() => document.getElementById("filters-add").focus());
      return [shown.filter((key) => key !== keys[index]), ...values];
    },

    showFilters(shown, rowOf) {
      return [shown || [], ...Object.keys(rowOf).map((key) => !(shown || []).includes(key))];
    },

    addGrouping(picked, chosen) {
      if (!picked || (chosen || []).includes(picked.value)) return none();
      return (chosen || []).concat([picked.value]);
    },

    stepMonths(less, more, months) {
      const step = triggers().includes("output-active-duration-less") ? -1 : 1;
      const now = Number.isFinite(Number(months)) ? Math.round(Number(months)) : 1;
      return Math.min(120, Math.max(1, now + step));
    },

    nameUnit: (months) => (Number(months) === 1 ? "month" : "months"),

    allowSending: (type, notes) => [type === "web", type === "web" ? notes.web : notes.file],

    /* With a report the form becomes one line; Edit unfolds it in place, Fold makes it one again without asking. */
    fold() {
      const folds = triggers().includes("form-fold");
      afterPaint(() => document.getElementById(folds ? "form-edit" : "period-range").focus());
      return folds ? "form folded" : "form";
    },

    /* A form that asks for another report than the one that is shown says so. */
    compare(report) {
      const asked = report && report.asked;
      const fields = window.dash_clientside.callback_context.inputs_list.slice(1);
      const changed = Boolean(asked) && fields.some(({ id, value }) => meant(id, value) !== meant(id, asked[id]));
      return changed ? "report-section is-stale" : "report-section";
    },

    discard(clicks, report) {
      const { outputs_list: fields } = window.dash_clientside.callback_context;
      return fields.map(({ id }) => (clicks && report ? report.asked[id] : none()));
    },

    appeared(report) {
      if (!report) return;
      const body = document.getElementById("form-body");
      const focused = document.activeElement;
      if (!report.opened && !report.first && (!focused || focused === document.body || body.contains(focused))) {
        afterPaint(() => document.getElementById("form-edit").focus({ preventScroll: true }));
      }
      window.dash_clientside.charts.follow();
    },

    clear: () => "",

    forget(...args) {
      const fields = args[args.length - 1];
      const changed = triggers();
      return fields.map((ids) => (ids.some((id) => changed.includes(id)) ? "" : none()));
    },
  };

  window.dash_clientside = Object.assign({}, window.dash_clientside, { form });

  /* After Query, the first field that has a problem is brought into view and gets the focus. */
  let asked = false;
  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element) || !event.target.closest("#form-query")) return;
    asked = true;
    problems.observe(document.getElementById("form-body"), { subtree: true, childList: true, characterData: true });
    for (const place of document.querySelectorAll("#form-body .field-problem:not(:empty)")) {
      window.dash_clientside.set_props(place.id, { children: "" });
    }
  });
  const lead = (place) => {
    asked = false;
    const panel = place.closest(".form.folded");
    if (panel) {
      window.dash_clientside.set_props(panel.id, { className: "form" });
      afterPaint(() => lead(place));
      return;
    }
    const around = place.closest(".field, .period");
    const field = around && (around.querySelector("#period-from") || around.querySelector("input, select"));
    (around || place).scrollIntoView({ block: "nearest" });
    if (field) field.focus({ preventScroll: true });
  };
  const problems = new MutationObserver((changes) => {
    if (!asked) return;
    const places = changes.map((change) => {
      const node = change.target instanceof Element ? change.target : change.target.parentElement;
      return node && node.closest(".form .field-problem");
    });
    const place = places.find((found) => found && found.textContent);
    if (place) requestAnimationFrame(() => lead(place));
  });

  document.addEventListener("click", (event) => {
    if (event.target instanceof Element && event.target.closest(".changed-query")) document.getElementById("form-query").click();
  });

  /* A report without rows offers the period that has some. */
  document.addEventListener("click", (event) => {
    const offer = event.target instanceof Element && event.target.closest(".offered-period");
    if (!offer) return;
    const put = (id, value) => window.dash_clientside.set_props(id, { value });
    put("period-range", "custom");
    put("period-from", offer.dataset.first);
    put("period-from-time", "");
    put("period-to", offer.dataset.last);
    put("period-to-time", "");
    afterPaint(() => document.getElementById("form-query").click());
  });

  /* Enter in a field of the form asks. The short wait lets a change that came with it arrive first. */
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.defaultPrevented || event.isComposing) return;
    if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    const field = event.target;
    if (!(field instanceof HTMLElement) || !field.closest("#form-body") || !/^(INPUT|SELECT)$/.test(field.tagName)) return;
    const query = document.getElementById("form-query");
    if (!query || query.disabled) return;
    event.preventDefault();
    setTimeout(() => query.click(), 60);
  });
})();
