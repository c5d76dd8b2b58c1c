/** The used part of an app. */
export interface Answering {
  request(url: string, init: RequestInit): Response | Promise<Response>
}

/** A browser with cookies, for one app. Redirects are not followed. */
export interface Browser {
  /** Opens a page. */
  open(path: string, headers?: Readonly<Record<string, string>>): Promise<Response>
  /** Sends a form of a page of the app. */
  submit(path: string, headers?: Readonly<Record<string, string>>): Promise<Response>
  /** A request of a script. */
  fetch(path: string, init?: RequestInit): Promise<Response>
  readonly cookies: Map<string, string>
  readonly cookieHeader: string
}

const NAVIGATION = {
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
  accept: 'text/html,*/*;q=0.8',
}

export function browserOf(app: Answering, origin: string): Browser {
  const cookies = new Map<string, string>()
  const send = async (path: string, init: RequestInit): Promise<Response> => {
    const headers = new Headers(init.headers)
    if (cookies.size > 0) headers.set('cookie', browser.cookieHeader)
    const response = await app.request(new URL(path, origin).href, { ...init, headers })
    for (const line of response.headers.getSetCookie()) take(line)
    return response
  }
  const take = (line: string): void => {
    const [pair = '', ...attributes] = line.split('; ')
    const equals = pair.indexOf('=')
    const name = pair.slice(0, equals)
    if (attributes.includes('Max-Age=0')) cookies.delete(name)
    else cookies.set(name, pair.slice(equals + 1))
  }
  const browser: Browser = {
    cookies,
    get cookieHeader() {
      return [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    },
    open: (path, headers = {}) =>
      send(path, { headers: { ...NAVIGATION, 'sec-fetch-site': 'none', ...headers } }),
    submit: (path, headers = {}) =>
      send(path, {
        method: 'POST',
        headers: { ...NAVIGATION, 'sec-fetch-site': 'same-origin', origin, ...headers },
      }),
    fetch: (path, init = {}) =>
      send(path, {
        ...init,
        headers: {
          'sec-fetch-mode': 'cors',
          'sec-fetch-site': 'same-origin',
          accept: '*/*',
          ...headersOf(init),
        },
      }),
  }
  return browser
}

function headersOf({ headers }: RequestInit): Record<string, string> {
  return Object.fromEntries(new Headers(headers))
}

/** Where a response leads to. */
export function locationOf(response: Response): string {
  return response.headers.get('location') ?? ''
}
