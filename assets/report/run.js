/* Starting a run, and following it: the progress that is told, and Cancel. */
(function () {
  "use strict";

  const page = window.customerDynamics;
  const { by, set, none, answer } = page;

  const POLL_AFTER = 350; // milliseconds: from 150 on assets/report.css shows "Asking"; most queries are answered by then
  const POLL_EVERY = 400;
  const OFFER_AFTER = 10_000;
  const ASKING = "Asking";
  let running = null; // the id of the run that was begun last
  let words = ASKING; // what it is said to do

  function newRun(more) {
    const bytes = crypto.getRandomValues(new Uint8Array(12));
    running = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    if (words !== ASKING) tell(ASKING); // of the run before
    const id = running;
    set("report-hand-over", { hidden: true });
    setTimeout(() => offer(id), OFFER_AFTER);
    setTimeout(() => follow(id), POLL_AFTER);
    // What its place on the page holds is drawn first, the rows around that a moment later.
    return { id, rows: roomFor(by("report-grid")), ...more };
  }

  /* How many rows of a long table are in view at most, besides its headers; the last may be cut off. */
  function roomFor(grid) {
    const height = parseFloat(getComputedStyle(grid).maxHeight) || window.innerHeight;
    return Math.ceil(height / page.rowHeight(grid)) - page.HEADER_ROWS;
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

  /* Whoever waits for long may let a worker go on, and leave. */
  function offer(id) {
    const waits = id === running && by("report-progress").classList.contains("is-running");
    if (waits) set("report-hand-over", { hidden: false });
  }

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
    if (!event.target.closest("#report-cancel, #report-hand-over")) return;
    const progress = by("report-progress");
    progress.dataset.stopping = "yes";
    tell("Stopping");
    const ended = setInterval(() => {
      if (progress.classList.contains("is-running")) return;
      delete progress.dataset.stopping;
      clearInterval(ended);
    }, 100);
  });

  /* The page begins with an answer: what the form opens with is asked as soon as the form is complete. Whatever keeps the
   * answer away gives the form back. */
  const root = document.documentElement;
  let awaited = false; // whether this page is to begin with an answer and has not asked yet

  function askFirst(zone) {
    if (!awaited) return;
    const isThere = () => window.dash_component_api.getLayout("period-zone").props.value === zone;
    if (zone && !isThere()) {
      requestAnimationFrame(() => askFirst(zone));
      return;
    }
    awaited = false;
    if (!by("report-stage").classList.contains("is-none")) return;
    begun = performance.now();
    shown.observe(by("report-progress"), { attributeFilter: ["class"] });
    const ended = new MutationObserver(() => {
      if (by("report-progress").classList.contains("is-running")) return;
      ended.disconnect();
      root.classList.remove("awaiting");
    });
    ended.observe(by("report-progress"), { attributeFilter: ["class"] });
    set("run-store", { data: newRun({ first: true }) });
  }

  Object.assign(page, { askFirst });

  answer("report", {
    first(answers) {
      if (!answers || window.location.pathname !== "/") return;
      awaited = true;
      root.classList.add("awaiting");
    },
    start(runNow, busy) {
      return busy || !runNow ? none() : newRun();
    },
    startAgain(clicks, busy) {
      return busy || !clicks ? none() : newRun();
    },
  });
})();
