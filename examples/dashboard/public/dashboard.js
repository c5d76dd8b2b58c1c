import { showActingUser } from './acting.js'
import { showObjects } from './objects.js'
import { keepSession } from './session.js'

for (const time of document.querySelectorAll('time')) {
  time.textContent = new Date(time.dateTime).toLocaleString()
}
keepSession()
if (document.getElementById('objects') !== null) {
  void showActingUser()
  void showObjects()
}
