import { createServer } from 'node:http'
import { introspection } from '@kube-authn/resource-server'
import { oidc } from '@kube-authn/core/oidc'
import { listen } from '@kube-authn-example/material'
import { createApp } from './app.ts'

const {
  ISSUER,
  PORT = '3000',
  RESOURCE = `http://localhost:${PORT}/mcp`,
  CLIENT_ID,
  CLIENT_SECRET,
  INTROSPECTION,
} = process.env
if (ISSUER === undefined) {
  console.error('Set ISSUER to the URL of your authorization server; see README.md.')
  process.exit(1)
}

/** Opaque tokens if there is an endpoint to ask, and otherwise JWTs in the form of RFC 9068. */
const tokens =
  INTROSPECTION === undefined
    ? oidc({ issuer: ISSUER, audience: RESOURCE, accessTokens: true })
    : introspection({
        url: INTROSPECTION,
        issuer: ISSUER,
        audience: RESOURCE,
        clientId: CLIENT_ID ?? '',
        clientSecret: CLIENT_SECRET ?? '',
      })

await listen(createServer(createApp({ resource: RESOURCE, issuer: ISSUER, tokens })), { port: Number(PORT) })
console.log(`MCP server at ${RESOURCE}`)
