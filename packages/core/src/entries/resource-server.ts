/**
 * For OAuth resource servers, such as those of MCP (Model Context Protocol): the metadata of the resource, opaque tokens, and a verifier for the MCP
 * SDK. Access tokens in the form of a JWT are for `oidc` with `accessTokens`.
 *
 * @module
 */
export { mcpTokenVerifier } from '../resource-server/mcp-token-verifier.ts'
export { protectedResource } from '../resource-server/protected-resource.ts'
export { introspection } from '../token/introspection/introspection.ts'
export type { ClientAuthenticationOptions } from '../token/introspection/client-authentication.ts'
/** @internal */
export { clientAuthenticationShape } from '../token/introspection/client-authentication.ts'
