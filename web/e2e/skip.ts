/** Thrown by a case whose tools are not here. */
export class Skip extends Error {
  readonly part: string;

  constructor(part: string, why: string) {
    super(why);
    this.part = part;
  }
}
