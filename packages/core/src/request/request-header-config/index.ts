/**
 * The ConfigMap that tells extension API servers how to recognise their front proxy, as data.
 *
 * @module
 */
export { NO_REQUEST_HEADER_CONFIG } from './config.ts'
export { mergeRequestHeaderConfig } from './merge.ts'
export { parseRequestHeaderConfig } from './parse.ts'
