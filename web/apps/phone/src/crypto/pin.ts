/** Which PINs a person may choose. The service never sees a PIN, so this list is kept here. */

/** Walks over the keypad, of which any four or more neighbours in either direction are refused. */
const WALKS = [
  "2580", "1470", "3690", "1590", "3570", "147258369", "741852963", "159357", "159753", "1478963214789632", "13971397",
  "13791379", "17391739", "24862486",
];

/**
 * Whether a PIN is among those that people choose and thieves try first: equal steps from digit to digit, wrapping at ten
 * (0000, 1234, 9876, 2468); the years 1900 to 2099; a block repeated (1212); digits in pairs (1122); palindromes (1221);
 * lines and rings on the keypad (2580, 1397). What is not four digits at least is weak too.
 */
export function weakPin(pin: string): boolean {
  if (!/^[0-9]{4,}$/.test(pin)) return true;
  const digits = [...pin].map(Number);
  const step = (at: number) => (digits[at + 1]! + 10 - digits[at]!) % 10;
  const equalSteps = digits.slice(1).every((_, at) => step(at) === step(0));
  const year = pin.length === 4 && /^(19|20)/.test(pin);
  const repeated = /^(.+)\1+$/.test(pin);
  const pairs = /^(?:(.)\1)+$/.test(pin);
  const reversed = [...pin].reverse().join("");
  const walked = WALKS.some((walk) => walk.includes(pin) || walk.includes(reversed));
  return equalSteps || year || repeated || pairs || reversed === pin || walked;
}
