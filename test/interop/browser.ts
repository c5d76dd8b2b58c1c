import { createFetch } from '@kube-authn/node'

/** A response; the browser does not follow redirects by itself. */
export interface Page {
  readonly status: number
  /** The absolute URL of a redirect. */
  readonly location: string | undefined
  readonly body: string
}

/** A request of the browser. */
export interface Visit {
  /** Default `GET`, or `POST` with a body. */
  readonly method?: string
  readonly form?: Readonly<Record<string, string>>
  readonly json?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** A minimal browser for logins: it keeps cookies. */
export interface Browser {
  visit(url: string, visit?: Visit): Promise<Page>
  close(): void
}

/** Opens one that trusts a CA. */
export function openBrowser(caPem: string): Browser {
  const fetch = createFetch({ ca: caPem })
  const cookies = new Map<string, string>()
  return {
    async visit(url, visit = {}) {
      const body = contentOf(visit)
      const response = await fetch(url, {
        method: visit.method ?? (body === undefined ? 'GET' : 'POST'),
        headers: {
          cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
          ...(body !== undefined && { 'content-type': body.type }),
          ...visit.headers,
        },
        body: body?.text,
      })
      for (const cookie of response.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
        if (value === '') cookies.delete(name)
        else cookies.set(name, value)
      }
      const location = response.headers.get('location')
      return {
        status: response.status,
        location: location === null ? undefined : new URL(location, url).href,
        body: await response.text(),
      }
    },
    close: () => fetch.close(),
  }
}

function contentOf({ form, json }: Visit): { readonly type: string; readonly text: string } | undefined {
  if (form !== undefined) {
    return { type: 'application/x-www-form-urlencoded', text: String(new URLSearchParams(form)) }
  }
  return json === undefined ? undefined : { type: 'application/json', text: JSON.stringify(json) }
}
