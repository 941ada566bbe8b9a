/** Finding test persons. */

import type { Listed } from "./api.ts";

/** Those with every word of the query somewhere. */
export function matching(persons: readonly Listed[], query: string): readonly Listed[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return persons.filter((person) => {
    const text = Object.values(person).join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
