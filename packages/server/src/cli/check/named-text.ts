/** A file as its reader gets it. */
export interface NamedText {
  readonly name: string
  readonly text: string
  /** The base of relative paths in it. */
  readonly folder: string
}
