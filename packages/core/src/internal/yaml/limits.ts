import { type OptionsShape, wholeNumber } from '../options/index.ts'

/** The size limits of a text. */
export interface YamlLimits {
  /** The maximum number of characters. Default 1,048,576. */
  readonly maxLength?: number
  /**
   * The maximum number of characters of a document that is not plain YAML (block mappings and sequences, words, quoted strings without
   * escapes, ASCII). A million of them block for about a second. Default: `maxLength`.
   */
  readonly maxDocumentLength?: number
}

/** The checks of {@link YamlLimits}. */
export const yamlLimitsShape: OptionsShape<YamlLimits> = {
  maxLength: wholeNumber(1),
  maxDocumentLength: wholeNumber(1),
}
