// What a page does in the browser alone: shortcuts, menus, dialogs, copying, and finding its way back when the server was away.
(() => {
  const $ = (selector, from = document) => from.querySelector(selector);
  // A field of a dialog that was just closed may have the focus for a moment: nobody types there.
  const typing = el => el?.matches?.('input:not([type=checkbox]), textarea, select, [contenteditable]') && !el.closest('dialog:not([open])');

  // ---- shortcuts ---------------------------------------------------------------------------------------------------------------
  const places = { o: '', j: 'jobs', b: 'batches', q: 'queues', w: 'workers', i: 'io', t: 'tasks', s: 'schedules', a: 'audit' };
  let goUntil = 0;
  const moveRow = by => {
    const rows = [...document.querySelectorAll('[data-row]')];
    if (!rows.length) return;
    const at = rows.findIndex(r => r.contains(document.activeElement));
    const row = rows[Math.min(rows.length - 1, Math.max(0, at < 0 ? (by > 0 ? 0 : rows.length - 1) : at + by))];
    ($('[data-row-link]', row) ?? row).focus();
    row.scrollIntoView({ block: 'nearest' });
  };
  const keys = {
    '/': () => { const box = $('#search'); box?.focus(); box?.select(); },
    '?': () => { const d = $('#shortcuts'); if (d && !d.open) d.showModal(); },
    g: () => { goUntil = performance.now() + 1200; },
    j: () => moveRow(1),
    k: () => moveRow(-1),
    x: () => document.activeElement.closest('[data-row]')?.querySelector('input[type=checkbox]')?.click(),
    p: () => $('#live-toggle')?.click(),
    c: () => $('#enqueue')?.click(),
  };
  addEventListener('keydown', e => {
    if (e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented) return;
    if (e.key === 'Escape') { if (typing(e.target) && !e.target.closest('dialog')) e.target.blur(); closeDrawer(); return; }
    if (typing(e.target) || $('dialog[open]')) return;
    if (performance.now() < goUntil && e.key in places) {
      goUntil = 0;
      e.preventDefault();
      Blazor.navigateTo(places[e.key]);
    } else if (e.key in keys) {
      e.preventDefault();
      keys[e.key]();
    }
  });

  // ---- drawer of the phone layout ------------------------------------------------------------------------------------------------
  const closeDrawer = () => {
    if (!document.body.classList.contains('drawer')) return;
    document.body.classList.remove('drawer');
    $('#burger')?.setAttribute('aria-expanded', 'false');
  };

  // ---- copy ----------------------------------------------------------------------------------------------------------------------
  const copy = async text => {
    try { await navigator.clipboard.writeText(text); } catch {
      // Plain http on another machine has no clipboard: the old way still works there.
      const box = document.body.appendChild(Object.assign(document.createElement('textarea'), { value: text }));
      box.select();
      document.execCommand('copy');
      box.remove();
    }
  };
  const copyFrom = async (button, text) => {
    await copy(text);
    button.classList.add('copied');
    setTimeout(() => button.classList.remove('copied'), 1400);
  };
  addEventListener('click', async e => {
    const target = e.target.closest?.('[data-copy]');
    if (target) {
      e.preventDefault();
      await copyFrom(target, target.dataset.copy);
      return;
    }
    if (e.target.closest?.('#burger')) {
      const open = document.body.classList.toggle('drawer');
      $('#burger').setAttribute('aria-expanded', String(open));
      if (open) $('.side a')?.focus();
    } else if (e.target.closest?.('.scrim, .side a')) closeDrawer();
    if (e.target.closest?.('[data-close-dialog]')) e.target.closest('dialog').close();
    if (e.target.closest?.('[data-open-shortcuts]')) keys['?']();
    const end = e.target.closest?.('[data-to-end]');
    if (end) $('follow-end', end.parentElement)?.toEnd();
  });

  // ---- menus: popovers beside the button that opened them ------------------------------------------------------------------------
  let opener = null;
  const place = (menu, button) => {
    const b = button.getBoundingClientRect(), m = menu.getBoundingClientRect();
    const left = menu.dataset.align === 'start' ? b.left : b.right - m.width;
    const below = b.bottom + 4 + m.height < innerHeight || b.top < m.height;
    menu.style.left = `${Math.max(8, Math.min(left, innerWidth - m.width - 8))}px`;
    menu.style.top = `${Math.max(8, below ? b.bottom + 4 : b.top - m.height - 4)}px`;
  };
  const items = menu => [...menu.querySelectorAll('[role^=menuitem]:not(:disabled)')];
  addEventListener('toggle', e => {
    if (!e.target.matches?.('.menu[popover]') || e.newState !== 'open') return;
    opener = document.querySelector(`[popovertarget="${e.target.id}"]`) ?? opener;
    if (opener) place(e.target, opener);
    (items(e.target)[0] ?? $('input, button, select, a', e.target))?.focus({ preventScroll: true });
  }, true);
  addEventListener('keydown', e => {
    const menu = e.target.closest?.('.menu[role=menu]');
    const step = { ArrowDown: 1, ArrowUp: -1 }[e.key];
    if (!menu || !step) return;
    e.preventDefault();
    const all = items(menu), at = all.indexOf(document.activeElement);
    all[(at + step + all.length) % all.length]?.focus();
  });
  addEventListener('click', e => {
    const item = e.target.closest?.('[role^=menuitem]');
    if (item && !item.hasAttribute('data-stay')) item.closest('.menu[popover]')?.hidePopover();
  });

  // ---- lists: rows hold still while someone is at them ---------------------------------------------------------------------------
  const watchList = (list, page) => {
    let held = false, timer = 0, over = 0;
    const tell = () => {
      document.body.classList.toggle('scrolled', scrollY > 80);
      const now = scrollY > 80 || performance.now() < over;
      if (now !== held) { held = now; page.invokeMethodAsync('HoldAsync', held).catch(() => stop()); }
    };
    const moved = () => { over = performance.now() + 2500; tell(); clearTimeout(timer); timer = setTimeout(tell, 2600); };
    const stop = () => {
      document.body.classList.remove('scrolled');
      removeEventListener('scroll', tell);
      list.removeEventListener('pointermove', moved);
    };
    addEventListener('scroll', tell, { passive: true });
    list.addEventListener('pointermove', moved, { passive: true });
    return { stop };
  };

  // ---- the server's side of a page ---------------------------------------------------------------------------------------------
  window.mrq = {
    start(live, serverNow) {
      mrqClock.skew = serverNow - Date.now();
      document.addEventListener('visibilitychange', () => live.invokeMethodAsync('SetVisibleAsync', !document.hidden).catch(() => {}));
      mrqTheme.mark();
      return !document.hidden;
    },
    openDialog(dialog) { if (dialog && !dialog.open) { dialog.showModal(); $('[autofocus]', dialog)?.focus(); } },
    // Another text for a field in which nobody has written yet; says whether it was taken.
    fillIn(field, before, now) {
      const text = field?.value.trim();
      if (text == null || text !== before.trim() && (text !== '' || document.activeElement === field)) return false;
      field.value = now;
      return true;
    },
    closeDialog(dialog) { dialog?.close(); },
    openMenu(menu, buttonId) {
      opener = document.getElementById(buttonId) ?? document.activeElement;
      if (!menu.matches(':popover-open')) menu.showPopover();
    },
    toTop() { scrollTo(0, 0); },
    copy: copyFrom,
    // Sideways only: the page stays where it is.
    showTab() {
      const tab = $('.status-tabs [aria-current]'), row = tab?.parentElement;
      if (!row) return;
      const t = tab.getBoundingClientRect(), r = row.getBoundingClientRect();
      row.scrollLeft += t.left - r.left - (r.width - t.width) / 2;
    },
    watchList,
    download(name, text) {
      const url = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
      Object.assign(document.createElement('a'), { href: url, download: name }).click();
      setTimeout(() => URL.revokeObjectURL(url), 1000);
    },
  };

  // The 9.0 script scrolls to the top after every navigation, also when only a filter in the address changed.
  const scrollTo = window.scrollTo.bind(window);
  let lastPath = location.pathname;
  window.scrollTo = (...at) => {
    const samePage = at[0] === 0 && at[1] === 0 && location.pathname === lastPath;
    lastPath = location.pathname;
    if (!samePage) scrollTo(...at);
  };

  // ---- reconnect -----------------------------------------------------------------------------------------------------------------
  // Retry until the server answers; take the circuit up again, or, when it is gone (the server was restarted), reload: all state is in the address.
  const banner = $('#reconnect');
  const say = text => { document.body.classList.toggle('offline', !!text); banner.hidden = !text; $('[data-text]', banner).textContent = text ?? ''; };
  let down = false, wake = () => {};
  const wait = ms => new Promise(resolve => { wake = resolve; setTimeout(resolve, ms); });
  const answers = async () => {
    try { return (await fetch(new URL('_content/Mrq.Dashboard/icon.svg', document.baseURI), { cache: 'no-store' })).ok; } catch { return false; }
  };
  const comeBack = async () => {
    if (down) return;
    down = true;
    const since = Date.now();
    // A server that stops still answers for a moment, and a connection made then would hold up its end.
    await wait(500);
    for (let tries = 0; down; tries++) {
      if (tries > 0) say(`The server is away since ${mrqClock.time(new Date(since))}. Trying again…`);
      if (await answers()) {
        const back = await Blazor.reconnect().catch(() => null);
        if (back) break;
        if (back === false || Date.now() - since > 3000) { location.reload(); return; }
      }
      await wait(Math.min(3000, 300 * 1.5 ** tries));
    }
    down = false;
    say(null);
  };
  $('button', banner).onclick = () => wake();
  document.addEventListener('visibilitychange', () => { if (!document.hidden) wake(); });
  addEventListener('online', () => wake());
  Blazor.start({ circuit: { reconnectionHandler: { onConnectionDown: comeBack, onConnectionUp: () => { down = false; say(null); } } } })
    .then(() => document.body.classList.add('started'))
    .catch(async () => { while (!await answers()) await wait(1000); location.reload(); });
})();
