/**
 * How `@kube-authn/server` reads and answers requests with objects, besides `internal`. It is no public entry: any release may change it.
 *
 * @module
 */
export { asksFor, asksForConversion, clausesFor } from '../internal/api/accept.ts'
export { objectAnswer, refusalWithWarnings } from '../internal/api/answer.ts'
export { checkFields, type FieldValidation, fieldValidationOf } from '../internal/api/field-validation.ts'
export { decodeJson, type SentValue } from '../internal/api/json.ts'
export { requireJsonAccepted, YAML_MEDIA_TYPE } from '../internal/api/media-types.ts'
export { readBodyValue, readBytes } from '../internal/api/read-object.ts'
export { decodeYaml } from '../internal/api/yaml-body.ts'
