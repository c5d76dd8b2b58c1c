export {
  anAuthorizer,
  aPasswordAuthenticator,
  aRequestAuthenticator,
  aTokenAuthenticator,
} from './authenticators.ts'
export {
  aBoolean,
  above,
  aClock,
  aFunction,
  aNonEmptyString,
  anything,
  aString,
  atLeast,
  type Check,
  either,
  listOf,
  must,
  nonEmptyListOf,
  oneOf,
  problemOf,
  recordOf,
  required,
  wholeNumber,
  withMethods,
} from './check.ts'
export { aLog, anIterable, anOrigin, isOrigin, someAudiences } from './common.ts'

export {
  type AnyShape,
  checkOptions,
  nested,
  optionProblems,
  type OptionsShape,
  refuseProblems,
  withFurtherProblems,
} from './shape.ts'
export { anHttpsUrl } from './url.ts'
