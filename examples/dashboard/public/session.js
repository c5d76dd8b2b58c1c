const checkMs = Number(document.documentElement.dataset.checkSeconds) * 1000
let ended = false
let lastCheck = Date.now()

/** Whether the session of this page has ended. */
export const hasEnded = () => ended

/**
 * Asks the server. A session that has ended ends the page.
 *
 * @returns `undefined` if the page has ended, or the server cannot be reached.
 */
export async function ask(path, options = {}) {
  if (ended) return undefined
  try {
    const response = await fetch(path, { ...options, cache: 'no-store', redirect: 'error' })
    if (response.status !== 401) return response
    const { loginUrl } = await response.clone().json()
    // Without it the server cannot tell now: the provider or the store does not respond.
    if (loginUrl === undefined) return response
    endPage()
    return undefined
  } catch {
    return undefined
  }
}

/** Asks again and again whether the session is there, and ends the page once it is not. */
export function keepSession() {
  setInterval(() => void check(), checkMs)
  // Browsers delay timers of hidden pages, and show a page of their history as it was.
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState !== 'visible') return
    hideUnless(Date.now() - lastCheck < checkMs)
    void check()
  })
  addEventListener('pageshow', ({ persisted }) => {
    if (!persisted) return
    hideUnless(false)
    void check()
  })
}

async function check() {
  const response = await ask('/session')
  if (ended) return
  const notice = document.getElementById('notice')
  if (response?.status === 200) {
    lastCheck = Date.now()
    hideUnless(true)
    notice.replaceChildren()
  } else {
    // What cannot be checked is not shown either.
    if (Date.now() - lastCheck >= checkMs) hideUnless(false)
    notice.textContent = 'Your session cannot be checked at the moment. This page tries again.'
  }
}

function hideUnless(isChecked) {
  document.getElementById('main').hidden = !isChecked
}

/** Removes everything that was shown, and offers a login that returns here. */
function endPage() {
  ended = true
  const heading = document.createElement('h1')
  heading.textContent = 'Your session has ended'
  const login = document.createElement('a')
  login.className = 'button primary'
  login.href = `/login?${new URLSearchParams({ returnTo: location.pathname + location.search })}`
  login.textContent = 'Log in again'
  const main = document.createElement('main')
  main.className = 'ended'
  main.append(heading, login)
  document.title = 'Your session has ended · Dashboard'
  document.body.replaceChildren(main)
  document.body.classList.remove('acting')
  dispatchEvent(new Event('sessionended'))
}
