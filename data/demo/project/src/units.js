/** Units of the shop's scales and fridges. */

/** Degrees Celsius to degrees Fahrenheit. */
export function celsiusToFahrenheit(degrees) {
  return (degrees * 9) / 5 + 32;
}

/** Degrees Fahrenheit to degrees Celsius. */
export function fahrenheitToCelsius(degrees) {
  return (degrees * 5) / 9 - 32;
}
