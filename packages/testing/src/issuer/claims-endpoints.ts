/** The endpoints of distributed claims. */
export interface ClaimsEndpoints {
  /** Adds an endpoint for claims, and returns its path below the issuer's. */
  keep(claims: Claims, accessToken: string): string
  /** Responds to a request for that path with a JWT. */
  answer(request: Request, path: string): Promise<Response>
}

type Claims = Readonly<Record<string, unknown>>

/** @param sign signs the JWT, again for each request, so that it never expires. */
export function claimsEndpoints(sign: (claims: Claims) => Promise<string>): ClaimsEndpoints {
  const kept = new Map<string, { readonly claims: Claims; readonly accessToken: string }>()
  return {
    keep(claims, accessToken) {
      const path = `/claims/${kept.size + 1}`
      kept.set(path, { claims, accessToken })
      return path
    },
    async answer(request, path) {
      const found = kept.get(path)
      if (found === undefined) return new Response(null, { status: 404 })
      const { claims, accessToken } = found
      if (accessToken !== '' && request.headers.get('authorization') !== `Bearer ${accessToken}`) {
        return new Response(null, { status: 401, headers: { 'www-authenticate': 'Bearer' } })
      }
      return new Response(await sign(claims), { headers: { 'content-type': 'application/jwt' } })
    },
  }
}
