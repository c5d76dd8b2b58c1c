/**
 * The credentials that a chain accepts, for an OpenAPI document.
 *
 * @module
 */
export { securitySchemes, type SecuritySchemesOptions } from './openapi/security-schemes.ts'
