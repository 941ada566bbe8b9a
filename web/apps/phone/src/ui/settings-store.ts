/** What a person set for this browser: language and appearance. Nothing else is kept in local storage. */

import { LANGUAGES, type Language } from "../i18n/index.ts";

export type Theme = "system" | "light" | "dark";

const LANGUAGE = "countersign.language";
const THEME = "countersign.theme";

/** The language that was set, or null. Storage may be forbidden; then nothing was set. */
export function storedLanguage(): Language | null {
  const value = read(LANGUAGE);
  return value !== null && Object.hasOwn(LANGUAGES, value) ? (value as Language) : null;
}

export function storeLanguage(language: Language): void {
  write(LANGUAGE, language);
}

export function storedTheme(): Theme {
  const value = read(THEME);
  return value === "light" || value === "dark" ? value : "system";
}

export function storeTheme(theme: Theme): void {
  write(THEME, theme === "system" ? null : theme);
}

/** Puts a theme on the page. */
export function applyTheme(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
}

function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function write(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // The wish lasts until the page is closed.
  }
}
