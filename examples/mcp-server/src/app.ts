import type { TokenAuthenticator, UserInfo } from '@kube-authn/core'
import { mcpTokenVerifier, protectedResource } from '@kube-authn/resource-server'
import { InvalidTokenError } from '@modelcontextprotocol/sdk/server/auth/errors.js'
import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import express, { type Express } from 'express'

/** What the server is, and who may use it. */
export interface McpAppOptions {
  /** The URL of the server, which tokens are issued for. */
  readonly resource: string
  readonly issuer: string
  readonly tokens: TokenAuthenticator
}

/** An MCP server with one tool, which says who calls it. Its clients need a token with the scope `tools`. */
export function createApp({ resource, issuer, tokens }: McpAppOptions): Express {
  const described = protectedResource({ resource, authorizationServers: [issuer], scopes: ['tools'] })
  const app = express()
  app.all(described.path, described.handler)
  app.use(
    new URL(resource).pathname,
    requireBearerAuth({
      verifier: mcpTokenVerifier(tokens, { invalidToken: (message) => new InvalidTokenError(message) }),
      requiredScopes: ['tools'],
      resourceMetadataUrl: described.metadataUrl,
    }),
    express.json(),
    async (req, res) => {
      // Without sessions, each request has a server of its own.
      const transport = new StreamableHTTPServerTransport({})
      const server = createServer()
      res.on('close', () => void server.close())
      await server.connect(transport)
      await transport.handleRequest(req, res, req.body)
    },
  )
  return app
}

function createServer(): McpServer {
  const server = new McpServer({ name: 'whoami', version: '1.0.0' })
  server.registerTool('whoami', { description: 'Who is calling?' }, ({ authInfo }) => {
    const user = authInfo?.extra?.['user'] as UserInfo | undefined
    const text = `${user?.username ?? 'unknown'}, by the client ${authInfo?.clientId ?? 'unknown'}`
    return { content: [{ type: 'text', text }] }
  })
  return server
}
