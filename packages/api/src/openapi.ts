/**
 * The credentials that a chain accepts, for an OpenAPI document.
 *
 * @module
 */
export { securitySchemes } from './openapi/security-schemes.ts'
