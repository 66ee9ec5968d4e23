/* Follows what a worker makes while the person waits for it on the page: progress, Cancel, and the file as it is ready.
 * Whoever leaves finds it in My files. */
(function () {
  "use strict";

  const page = window.customerDynamics;
  const { by, set, answer } = page;

  const FIRST = 150; // milliseconds: small files are ready by then
  const EVERY = 700;
  const AFTER_A_FAULT = 3000;
  const NEWS = { queued: "Waiting for a worker", cancelled: "Cancelled: nothing was made." };
  let job = null; // the id of the one that is followed
  let over = true;

  function show(words, state) {
    set("report-job-words", { children: words });
    set("report-job", { className: `report-job is-${state}` });
    over = state === "over";
    set("report-job-end", { children: over ? "Close" : "Cancel" });
  }

  async function ask(id, path, options) {
    const answer = await fetch(`/files/${id}/${path}`, { headers: { Accept: "application/json" }, ...options });
    if (!answer.ok) throw new Error(answer.statusText);
    return answer.json();
  }

  function download(place) {
    const link = document.createElement("a");
    link.href = place;
    link.download = "";
    document.body.append(link);
    link.click();
    link.remove();
  }

  function ready(now) {
    if (!now.file) {
      set("report-job-open", { children: "Open the report", href: now.place, hidden: false });
      return show("The report is ready.", "over");
    }
    download(now.place);
    const sent = now.sends ? ` It is being sent to ${now.sends === 1 ? "1 address" : `${now.sends} addresses`}: see My files.` : "";
    show(`${now.file} with ${now.rows} was downloaded.${sent}`, "over");
  }

  function tell(now) {
    if (now.state === "done") return ready(now);
    if (now.state === "failed") return show(now.said, "over");
    if (now.state === "cancelled") return show(NEWS.cancelled, "over");
    show(now.state === "queued" ? NEWS.queued : now.stage, "running");
  }

  async function follow(id) {
    if (id !== job || over) return;
    let wait = EVERY;
    try {
      const now = await ask(id, "state");
      if (id !== job) return;
      tell(now);
    } catch {
      wait = AFTER_A_FAULT; // the next time may reach the server again; the job goes on without us
    }
    setTimeout(() => follow(id), wait);
  }

  document.addEventListener("click", async (event) => {
    if (!event.target.closest("#report-job-end") || !job) return;
    const id = job;
    if (over) {
      job = null;
      return set("report-job", { className: "report-job" });
    }
    set("report-job-words", { children: "Stopping" });
    try {
      await ask(id, "cancel", { method: "POST" });
    } catch {
      /* it is still followed, and its own words say how it stands */
    }
  });

  answer("report", {
    followJob(followed) {
      if (!followed) return;
      job = followed.id;
      set("report-job-open", { hidden: true });
      show(NEWS.queued, "running");
      setTimeout(() => follow(job), FIRST);
    },
  });
})();
