/**
 * How our adapters serve reviews, and how `@kube-authn/server` reads and answers requests with objects. It is no public entry: any release may change it.
 *
 * @module
 */
export { answerDiscovery, discoveryDocuments } from './discovery/documents.ts'
export { objectAnswer, refusalWithWarnings } from './objects/answer.ts'
export { checkFields, type FieldValidation, fieldValidationOf } from './objects/field-validation.ts'
export { decodeJson, type SentValue } from './objects/json.ts'
export {
  asksFor,
  asksForConversion,
  clausesFor,
  requireJsonAccepted,
  YAML_MEDIA_TYPE,
} from './objects/media-types.ts'
export { readBodyValue, readBytes } from './objects/read-object.ts'
export { decodeYaml } from './objects/yaml-body.ts'
export { decodeObject, type KubernetesObject, PROTOBUF_MEDIA_TYPE } from './protobuf/decode-object.ts'
export {
  type Declarations,
  type Field,
  type ObjectType,
  parseTypes,
  type Scalar,
} from './schema/declared-types.ts'
export { type ReviewAnswers, reviewAnswers } from './review/review-answers.ts'
export { someTokenAuthenticators } from './review/token-review.ts'
export { type ReviewWebhookOptions, reviewWebhookOf } from './review/handle-token-reviews.ts'
