/**
 * For OAuth resource servers, such as those of MCP (Model Context Protocol): the metadata of the resource, opaque tokens, and a verifier for the MCP
 * SDK. Access tokens in the form of a JWT are for `oidc` of `@kube-authn/core/oidc` with `accessTokens`.
 *
 * @module
 */
export { introspection, type IntrospectionOptions } from './introspection.ts'
export { mcpTokenVerifier, type McpTokenVerifierOptions } from './mcp-token-verifier.ts'
export { protectedResource, type ProtectedResourceOptions } from './protected-resource.ts'
