// Filters and sorting.  The page says everything without them.
(() => {
  "use strict";
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const words = (element) => element.textContent.replace(/\s+/g, " ").toLowerCase();
  document.documentElement.classList.add("js");

  const form = document.querySelector(".filters:has(.chips)");
  if (form) {
    const checks = all(".check").map((element) => {
      const findings = all(".finding", element).map((finding) => (
        { element: finding, severity: finding.dataset.severity, text: words(finding) }));
      const head = element.querySelector("summary, .plain");
      const reason = element.querySelector(".reason");
      return { element, findings, details: element.querySelector("details"),
        outcome: element.dataset.outcome, text: words(head) + (reason ? words(reason) : "") };
    });
    const opened = new Map(checks.map((check) => [check, check.details?.open]));
    let outcome = "";

    const filter = () => {
      const severity = form.elements.severity?.value ?? "";
      const text = form.elements.text.value.trim().toLowerCase();
      let checksShown = 0;
      let findingsShown = 0;
      for (const check of checks) {
        const byTitle = check.text.includes(text);
        let found = 0;
        for (const finding of check.findings) {
          const fits = (!severity || finding.severity === severity)
            && (byTitle || finding.text.includes(text));
          finding.element.hidden = !fits;
          found += fits;
        }
        const fits = (!outcome || check.outcome === outcome)
          && (found > 0 || (byTitle && !severity));
        check.element.hidden = !fits;
        checksShown += fits;
        findingsShown += fits ? found : 0;
        if (check.details) {
          check.details.open = text || severity ? fits && found > 0 : opened.get(check);
        }
      }
      const active = outcome || severity || text;
      form.querySelector(".status").textContent = active
        ? `Showing ${checksShown} of ${checks.length} checks, ${findingsShown} findings` : "";
    };

    for (const button of all("[data-outcome]", form)) {
      button.addEventListener("click", () => {
        outcome = button.dataset.outcome;
        for (const other of all("[data-outcome]", form)) {
          other.setAttribute("aria-pressed", String(other === button));
        }
        filter();
      });
    }
    form.addEventListener("input", filter);
    form.addEventListener("submit", (event) => event.preventDefault());
  }

  const table = document.querySelector("table.tables");
  if (table) {
    const body = table.tBodies[0];
    const rows = [...body.rows];
    const names = new Map(rows.map((row) => [row, row.cells[0].firstChild.textContent
      + row.cells[0].childNodes[1].textContent]));
    const headings = all("th[data-sort]", table);
    for (const heading of headings) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = heading.textContent;
      heading.replaceChildren(button);
      button.addEventListener("click", () => {
        const key = heading.dataset.sort;
        const first = key === "name" ? "ascending" : "descending";
        const second = key === "name" ? "descending" : "ascending";
        const order = heading.getAttribute("aria-sort") === first ? second : first;
        for (const other of headings) other.removeAttribute("aria-sort");
        heading.setAttribute("aria-sort", order);
        const sign = order === "ascending" ? 1 : -1;
        const compare = key === "name"
          ? (a, b) => names.get(a).localeCompare(names.get(b))
          : (a, b) => a.dataset[key] - b.dataset[key];
        body.append(...[...body.rows].sort((a, b) => sign * compare(a, b)));
      });
    }
    const search = table.parentElement.querySelector(".filters");
    search.addEventListener("input", () => {
      const text = search.elements.table.value.trim().toLowerCase();
      let shown = 0;
      for (const row of rows) {
        row.hidden = !names.get(row).toLowerCase().includes(text);
        shown += !row.hidden;
      }
      search.querySelector(".status").textContent = text
        ? `Showing ${shown} of ${rows.length} tables` : "";
    });
    search.addEventListener("submit", (event) => event.preventDefault());
  }

  // paper cannot be clicked
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = all("details:not([open])");
    for (const details of closed) details.open = true;
  });
  addEventListener("afterprint", () => {
    for (const details of closed) details.open = false;
  });
})();
