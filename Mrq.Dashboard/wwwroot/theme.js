// Light, dark or as the system says. The server writes the choice into <html data-theme>; this file only changes it.
(() => {
  const root = document.documentElement;
  const choice = () => root.dataset.theme || 'system';
  const mark = () => document.querySelectorAll('[data-theme-set]').forEach(
    b => b.setAttribute('aria-checked', String(b.dataset.themeSet === choice())));
  const set = theme => {
    const path = new URL(document.baseURI).pathname;
    if (theme === 'system') {
      delete root.dataset.theme;
      document.cookie = `mrq-theme=; path=${path}; max-age=0; samesite=lax`;
    } else {
      root.dataset.theme = theme;
      document.cookie = `mrq-theme=${theme}; path=${path}; max-age=31536000; samesite=lax`;
    }
    document.querySelector('meta[name=color-scheme]').content = theme === 'system' ? 'light dark' : theme;
    mark();
  };
  addEventListener('click', e => {
    const button = e.target.closest?.('[data-theme-set]');
    if (button) set(button.dataset.themeSet);
  });
  window.mrqTheme = { choice, set, mark };
})();
