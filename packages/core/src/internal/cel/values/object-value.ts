/** A value of a type with fields, as expressions see it: what is absent is not among them. The library tells types by their constructors. */
export class CelObjectValue {
  readonly fields: ReadonlyMap<string, unknown>

  constructor(fields: ReadonlyMap<string, unknown>) {
    this.fields = fields
  }
}
