export {
  anAuthorizer,
  aPasswordAuthenticator,
  aRequestAuthenticator,
  aTokenAuthenticator,
} from './authenticators.ts'
export {
  aBoolean,
  above,
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
  type RequiredCheck,
  wholeNumber,
  withMethods,
} from './check.ts'
export { aClock, aHeaderName, aLog, anIterable, anOrigin, isOrigin, someAudiences } from './common.ts'
export { nearestName } from './nearest-name.ts'
export {
  type AnyShape,
  checkOptions,
  nested,
  optionProblems,
  type OptionsShape,
  refuseProblems,
  withFurtherProblems,
} from './shape.ts'
export { anHttpsUrl, urlProblems } from './url.ts'
export { without } from './without.ts'
