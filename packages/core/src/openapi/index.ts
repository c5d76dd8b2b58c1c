/**
 * The credentials that a chain accepts, for the OpenAPI description of an API.
 *
 * @module
 */
export {
  type ApiSecurity,
  type SecurityRequirement,
  type SecurityScheme,
  securitySchemes,
  type SecuritySchemesOptions,
} from './security-schemes.ts'
