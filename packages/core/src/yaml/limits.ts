import { type OptionsShape, wholeNumber } from '../options/index.ts'

/** How much of a text is read before it is refused. */
export interface YamlLimits {
  /** Characters. Default 1,048,576. */
  readonly maxLength?: number
}

/** The checks of {@link YamlLimits}. */
export const yamlLimitsShape: OptionsShape<YamlLimits> = { maxLength: wholeNumber(1) }
