// Elements that draw themselves from an attribute: the server sends data, the browser makes text and pictures of it, in the viewer's
// time zone. User data only ever becomes text nodes.
(() => {
  const pad = n => String(n).padStart(2, '0');
  const svg = (name, attributes, parent) => {
    const el = document.createElementNS('http://www.w3.org/2000/svg', name);
    for (const [key, value] of Object.entries(attributes)) el.setAttribute(key, value);
    parent?.append(el);
    return el;
  };
  const html = (name, className, text, parent) => {
    const el = document.createElement(name);
    if (className) el.className = className;
    if (text != null) el.textContent = text;
    parent?.append(el);
    return el;
  };

  // ---- times -------------------------------------------------------------------------------------------------------------------
  const clock = { skew: 0, now: () => Date.now() + clock.skew, time: d => `${pad(d.getHours())}:${pad(d.getMinutes())}:${pad(d.getSeconds())}` };
  const span = seconds => {
    const s = Math.max(0, Math.floor(seconds));
    if (s < 60) return `${s}s`;
    if (s < 3600) return `${Math.floor(s / 60)}m ${pad(s % 60)}s`;
    if (s < 86400) return `${Math.floor(s / 3600)}h ${pad(Math.floor(s % 3600 / 60))}m`;
    return `${Math.floor(s / 86400)}d ${Math.floor(s % 86400 / 3600)}h`;
  };
  const rough = seconds => {
    const s = Math.floor(seconds);
    if (s < 60) return `${s}s`;
    if (s < 3600) return `${Math.floor(s / 60)}m`;
    if (s < 86400) return `${Math.floor(s / 3600)}h`;
    return `${Math.floor(s / 86400)}d`;
  };
  const sayers = {
    ago: age => age < 1 && age > -1 ? 'just now' : age < 0 ? `in ${rough(-age)}` : `${rough(age)} ago`,
    age: age => rough(Math.max(0, age)),
    elapsed: age => span(age),
    clock: (_, date) => `${clock.time(date)}.${String(date.getMilliseconds()).padStart(3, '0')}`,
    // The day is left out for today's times.
    full: (_, date) => new Date(clock.now()).toDateString() === date.toDateString()
      ? clock.time(date) : `${date.toLocaleDateString(undefined, { month: 'short', day: 'numeric' })}, ${clock.time(date)}`,
  };
  const times = new Set();
  class TimeAgo extends HTMLElement {
    static observedAttributes = ['at', 'as'];
    connectedCallback() { times.add(this); this.say(true); }
    disconnectedCallback() { times.delete(this); }
    attributeChangedCallback() { if (this.isConnected) this.say(true); }
    say(changed) {
      const at = this.getAttribute('at');
      if (!at) { this.textContent = '–'; this.removeAttribute('title'); return; }
      if (changed) {
        this.date = new Date(at);
        this.title = this.date.toLocaleString(undefined, { dateStyle: 'full', timeStyle: 'long', hourCycle: 'h23' });
      }
      const text = (sayers[this.getAttribute('as')] ?? sayers.ago)((clock.now() - this.date) / 1000, this.date);
      if (this.textContent !== text) this.textContent = text;
    }
  }
  customElements.define('time-ago', TimeAgo);
  setInterval(() => { if (!document.hidden) for (const t of times) t.say(false); }, 1000);

  // ---- JSON --------------------------------------------------------------------------------------------------------------------
  // Colours the text as it is: parsing it would round long numbers.
  const token = /("(?:\\.|[^"\\])*")(\s*:)?|\b(true|false|null)\b|(-?\d[\d.eE+-]*)/g;
  class JsonView extends HTMLElement {
    static observedAttributes = ['value'];
    connectedCallback() { this.draw(); }
    attributeChangedCallback() { if (this.isConnected) this.draw(); }
    draw() {
      const text = this.getAttribute('value') ?? '';
      const pre = html('pre', 'code');
      pre.tabIndex = 0;
      let end = 0;
      for (const m of text.matchAll(token)) {
        pre.append(text.slice(end, m.index));
        html('span', m[1] ? (m[2] ? 'jk' : 'js') : m[3] ? 'jl' : 'jn', m[1] ?? m[0], pre);
        if (m[2]) pre.append(m[2]);
        end = m.index + m[0].length;
      }
      pre.append(text.slice(end));
      this.replaceChildren(pre);
    }
  }
  customElements.define('json-view', JsonView);

  // ---- log that follows its end ------------------------------------------------------------------------------------------------
  class FollowEnd extends HTMLElement {
    connectedCallback() {
      this.following = true;
      this.addEventListener('scroll', () => {
        this.following = this.scrollHeight - this.scrollTop - this.clientHeight < 24;
        this.classList.toggle('away', !this.following);
      }, { passive: true });
      this.observer = new MutationObserver(() => this.stick());
      this.observer.observe(this, { childList: true, subtree: true });
      this.stick();
    }
    disconnectedCallback() { this.observer.disconnect(); }
    stick() { if (this.following) this.scrollTop = this.scrollHeight; }
    toEnd() { this.following = true; this.stick(); }
  }
  customElements.define('follow-end', FollowEnd);

  // ---- chart of rates ----------------------------------------------------------------------------------------------------------
  const nice = max => {
    if (max <= 0) return 1;
    const power = 10 ** Math.floor(Math.log10(max));
    return [1, 2, 2.5, 5, 10].map(f => f * power).find(v => v >= max * 0.999);
  };
  const number = n => n >= 1e6 ? `${+(n / 1e6).toFixed(1)}M` : n >= 1e4 ? `${+(n / 1e3).toFixed(1)}k`
    : n.toLocaleString('en-US', { maximumFractionDigits: n < 100 ? 1 : 0 });
  class RateChart extends HTMLElement {
    static observedAttributes = ['data'];
    connectedCallback() {
      this.tip = html('div', 'chart-tip');
      this.resize = new ResizeObserver(() => this.draw());
      this.resize.observe(this);
      this.onpointermove = e => { this.at = e.clientX - this.getBoundingClientRect().left; this.point(); };
      this.onpointerleave = () => { this.at = null; this.point(); };
      this.onkeydown = e => {
        const step = { ArrowLeft: -1, ArrowRight: 1 }[e.key];
        if (!step || !this.scale) return;
        e.preventDefault();
        const { left, width, count } = this.scale;
        const i = this.at == null ? count - 1 : Math.floor((this.at - left) / width * count) + step;
        this.at = left + (Math.min(count - 1, Math.max(0, i)) + 0.5) * width / count;
        this.point();
      };
      this.onblur = this.onpointerleave;
    }
    disconnectedCallback() { this.resize.disconnect(); }
    attributeChangedCallback() { if (this.isConnected) this.draw(); }
    draw() {
      const w = this.clientWidth, h = this.clientHeight, data = JSON.parse(this.getAttribute('data') || 'null');
      if (!data || w < 40) return;
      const { from, step, series } = data, count = series[0].values.length;
      const total = i => series.reduce((sum, s) => sum + s.values[i], 0);
      const peak = Math.max(0, ...series[0].values.map((_, i) => total(i)));
      const [per, unit] = peak / step >= 0.5 || peak === 0 ? [step, '/s'] : [step / 60, '/min'];
      const top = nice(peak / per) || 1, left = Math.max(42, 16 + 7 * (number(top) + unit).length), right = 4, head = 8, foot = 22;
      const width = w - left - right, height = h - head - foot;
      const x = i => left + i * width / count, y = v => head + height - v / top * height;
      const root = svg('svg', { viewBox: `0 0 ${w} ${h}`, width: w, height: h, 'aria-hidden': 'true' });
      for (let i = 0; i <= 4; i++) {
        const v = top * i / 4;
        svg('line', { x1: left, x2: w - right, y1: y(v), y2: y(v), class: i ? 'grid' : 'base' }, root);
        if (i % 2 === 0) svg('text', { x: left - 8, y: y(v) + 4, class: 'tick end' }, root).textContent = number(v) + (i === 4 ? unit : '');
      }
      const all = count * step, marks = w < 500 ? 3 : 6, every = [30, 60, 120, 180, 300, 600, 900, 1800, 3600, 7200, 14400, 21600].find(s => all / s <= marks) ?? 43200;
      const zone = new Date(from).getTimezoneOffset() * 60;
      for (let t = Math.ceil((from / 1000 - zone) / every) * every + zone; t < from / 1000 + all; t += every) {
        const at = left + (t - from / 1000) / all * width, date = new Date(t * 1000);
        if (at > left + 16 && at < w - 24)
          svg('text', { x: at, y: h - 5, class: 'tick mid' }, root).textContent = `${pad(date.getHours())}:${pad(date.getMinutes())}${every < 60 ? ':' + pad(date.getSeconds()) : ''}`;
      }
      const gap = width / count > 4 ? 1.2 : 0.4, paths = series.map(() => '');
      for (let i = 0; i < count; i++) {
        let below = 0;
        series.forEach((s, k) => {
          const v = s.values[i] / per;
          if (v <= 0) return;
          const y1 = y(below), y0 = Math.min(y(below + v), y1 - 1.5);
          paths[k] += `M${(x(i) + gap / 2).toFixed(1)} ${y1.toFixed(1)}V${y0.toFixed(1)}H${(x(i + 1) - gap / 2).toFixed(1)}V${y1.toFixed(1)}Z`;
          below += v;
        });
      }
      paths.forEach((d, k) => { if (d) svg('path', { d, class: `bar ${series[k].kind}` }, root); });
      this.cursor = svg('rect', { y: head, height, width: width / count, class: 'cursor', visibility: 'hidden' }, root);
      this.scale = { left, width, count, data, per, unit, total, x, w };
      this.tabIndex = 0;
      this.replaceChildren(root, this.tip);
      this.point();
    }
    point() {
      const s = this.scale;
      if (!s || this.at == null || this.at < s.left) { this.tip.hidden = true; this.cursor?.setAttribute('visibility', 'hidden'); return; }
      const i = Math.min(s.count - 1, Math.max(0, Math.floor((this.at - s.left) / s.width * s.count)));
      this.cursor.setAttribute('x', s.x(i));
      this.cursor.setAttribute('visibility', 'visible');
      const start = new Date(s.data.from + i * s.data.step * 1000), end = new Date(+start + s.data.step * 1000);
      this.tip.replaceChildren();
      html('b', '', `${clock.time(start)} – ${clock.time(end)}`, this.tip);
      for (const line of s.data.series) {
        const row = html('div', '', null, this.tip);
        html('i', `key ${line.kind}`, null, row);
        html('span', '', line.name, row);
        html('em', '', line.values[i].toLocaleString('en-US'), row);
      }
      html('small', '', `${number(s.total(i) / s.per)}${s.unit}`, this.tip);
      this.tip.hidden = false;
      const half = this.tip.offsetWidth / 2, mid = s.x(i) + s.width / s.count / 2;
      this.tip.style.left = `${Math.min(s.w - half - 4, Math.max(half + 4, mid))}px`;
    }
  }
  customElements.define('rate-chart', RateChart);

  window.mrqClock = clock;
})();
