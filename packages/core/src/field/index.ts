export { errorList, ErrorList, type FieldError, type FieldErrorType } from './errors.ts'
export {
  dns1123LabelProblems,
  dns1123SubdomainProblems,
  domainPrefixedPathProblems,
  labelValueProblems,
  type PartProblem,
  pathSegmentProblems,
  qualifiedNameProblems,
} from './names.ts'
export { fieldPath, type FieldPath } from './path.ts'
export { type ObjectReader, readObject } from './reader.ts'
