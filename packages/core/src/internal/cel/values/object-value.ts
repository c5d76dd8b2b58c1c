/** A value of an object type; absent fields are not set. cel-js recognises types by their constructors. */
export class CelObjectValue {
  readonly fields: ReadonlyMap<string, unknown>

  constructor(fields: ReadonlyMap<string, unknown>) {
    this.fields = fields
  }
}
