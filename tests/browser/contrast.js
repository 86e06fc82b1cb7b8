// What cannot be read well: every element with words of its own whose contrast with what lies behind it is under 4.5.
() => {
  const NOT_SEEN = "[hidden], .hidden, .toast, .skip, .tools, .grouped .margin";
  const parse = (colour) => colour.match(/[\d.]+/g).map(Number);
  const linear = (part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  const light = ([red, green, blue]) =>
    0.2126 * linear(red / 255) + 0.7152 * linear(green / 255) + 0.0722 * linear(blue / 255);
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const [red, green, blue, opacity = 1] = parse(getComputedStyle(each).backgroundColor);
      if (opacity === 1) return [red, green, blue];
    }
    return [255, 255, 255];
  };
  const weak = [];
  for (const element of document.querySelectorAll("body *")) {
    const speaks = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim());
    if (!speaks || !element.getBoundingClientRect().width || element.closest(NOT_SEEN)) continue;
    const shades = [light(parse(getComputedStyle(element).color)), light(behind(element))];
    const ratio = (Math.max(...shades) + 0.05) / (Math.min(...shades) + 0.05);
    if (ratio < 4.5) weak.push(`${element.className || element.tagName} ${ratio.toFixed(2)}: ${element.textContent}`);
  }
  return weak;
};
