/** Everything that the shop's pages use. */
export { daysInMonth, isLeapYear } from './dates.js';
export { Inventory } from './inventory.js';
export { chunk, unique } from './list.js';
export { formatPrice, parsePrice } from './money.js';
export { capitalize, truncate, words } from './text.js';
export { celsiusToFahrenheit, fahrenheitToCelsius } from './units.js';
