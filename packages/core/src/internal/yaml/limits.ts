import { type OptionsShape, wholeNumber } from '../options/index.ts'

/** How much of a text is read before it is refused. */
export interface YamlLimits {
  /** Characters. Default 1,048,576. */
  readonly maxLength?: number
  /**
   * Characters of a document in other than plain YAML (block mappings and sequences, words, strings in quotes without escapes, ASCII), of
   * which a million take about a second, in one go. Default: `maxLength`.
   */
  readonly maxDocumentLength?: number
}

/** The checks of {@link YamlLimits}. */
export const yamlLimitsShape: OptionsShape<YamlLimits> = {
  maxLength: wholeNumber(1),
  maxDocumentLength: wholeNumber(1),
}
