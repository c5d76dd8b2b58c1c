export {
  errorList,
  ErrorList,
  type ErrorListOptions,
  type FieldError,
  type FieldErrorType,
} from './errors.ts'
export { type DurationReading, printedSeconds, readDuration } from './go-duration.ts'
export { fieldPath, type FieldPath } from './path.ts'
export { quoted } from './quoted.ts'
export { type ObjectReader, readObject } from './reader.ts'
export { shownName } from './shown-name.ts'
