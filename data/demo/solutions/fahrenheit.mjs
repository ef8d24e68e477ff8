/** The solution of the bead `fahrenheit`. */
export default {
  message: 'Fix fahrenheitToCelsius: subtract before scaling',
  edits: [
    { file: 'src/units.js', search: '(degrees * 5) / 9 - 32', replace: '((degrees - 32) * 5) / 9' },
    { file: 'test/units.js', search: 'import { celsiusToFahrenheit }', replace: 'import { celsiusToFahrenheit, fahrenheitToCelsius }' },
    {
      file: 'test/units.js',
      append: `
test('Fahrenheit becomes Celsius', () => {
  assert.equal(fahrenheitToCelsius(32), 0);
  assert.equal(fahrenheitToCelsius(212), 100);
});

test('there and back is where it began', () => {
  assert.equal(fahrenheitToCelsius(celsiusToFahrenheit(25)), 25);
});
`,
    },
  ],
};
