/** The solution of the bead `negative-price`. */
export default {
  message: 'Fix formatPrice: refunds are negative prices',
  edits: [
    {
      file: 'src/money.js',
      search: `  const whole = Math.floor(cents / 100);
  const rest = cents % 100;
  return \`\${whole}.`,
      replace: `  const sign = cents < 0 ? '-' : '';
  const whole = Math.floor(Math.abs(cents) / 100);
  const rest = Math.abs(cents) % 100;
  return \`\${sign}\${whole}.`,
    },
    {
      file: 'test/money.js',
      append: `
test('a refund has its sign in front', () => {
  assert.equal(formatPrice(-150), '-1.50');
  assert.equal(formatPrice(-5), '-0.05');
});
`,
    },
  ],
};
