/** Milliseconds of each task of 50 ms or more (W3C Long Tasks) while a number of updates of a table arrive. */
globalThis.longTasks = (selector, updates) =>
  new Promise((resolve) => {
    const found = [];
    let seen = 0;
    const tasks = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) found.push(duration);
    });
    tasks.observe({ entryTypes: ['longtask'] });
    const changes = new MutationObserver(() => {
      seen++;
      if (seen < updates) return;
      changes.disconnect();
      // The entry of the last task comes after it.
      setTimeout(() => resolve(found), 100);
    });
    const all = { subtree: true, childList: true, attributes: true, characterData: true };
    changes.observe(document.querySelector(selector), all);
  });
