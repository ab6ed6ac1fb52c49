// Comfort for readers; every page is whole without it. Nothing is loaded, and what is typed stays in this page's memory.
(() => {
  "use strict";
  const root = document.documentElement;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const make = (name, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...children);
    return element;
  };
  root.classList.add("scripted");

  // Light or dark, remembered where the browser allows it.
  const remember = (key, value) => { try { localStorage.setItem(key, value); } catch { /* a page in a file may not */ } };
  const recall = (key) => { try { return localStorage.getItem(key); } catch { return null; } };
  const theme = recall("theme");
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  document.getElementById("theme")?.addEventListener("click", () => {
    const isDark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = isDark ? "light" : "dark";
    remember("theme", root.dataset.theme);
  });

  // A link to a part that is folded away unfolds it.
  const unfold = () => {
    let target = null;
    try { target = document.getElementById(decodeURIComponent(location.hash.slice(1))); } catch { return; }
    for (let part = target; part; part = part.parentElement) if (part.tagName === "DETAILS") part.open = true;
  };
  addEventListener("hashchange", unfold);
  unfold();

  // On wide screens the list of operations is in sight: it stands open for those who do not see it, too.
  const contents = document.querySelector(".nav > details");
  if (contents && matchMedia("(min-width: 64rem)").matches) contents.open = true;

  // Search: the words of a query, in any order, in method, path, summary and operation id, however that is written in a client;
  // where none has them all, in the whole text of the operations.
  const field = document.getElementById("find");
  const links = all(".nav li > a").map((link) => ({ link, text: (link.textContent + " " + (link.dataset.find ?? "")).toLowerCase() }));
  const wholeText = (entry) => (entry.whole ??= document.getElementById(entry.link.hash.slice(1))?.textContent.toLowerCase() ?? "");
  const search = () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    const has = (text) => words.every((word) => text.includes(word) || text.includes(word.replaceAll(/[_-]/g, "")));
    let hits = links.filter(({ text }) => has(text));
    const isNamed = hits.length > 0;
    if (!isNamed) hits = links.filter((entry) => has(wholeText(entry)));
    const count = hits.length;
    for (const { link } of links) link.parentElement.hidden = true;
    for (const { link } of hits) link.parentElement.hidden = false;
    for (const group of all(".nav-group")) group.hidden = words.length > 0 && !group.querySelector("li:not([hidden])");
    const status = document.getElementById("found");
    if (status) status.textContent = words.length === 0 ? "" : count === 0 ? "Nothing found" : `${count} found${isNamed ? "" : " by their text"}`;
    if (contents && words.length > 0) contents.open = true;
  };
  field?.addEventListener("input", search);
  field?.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { field.value = ""; search(); field.blur(); }
    if (event.key === "Enter") links.find(({ link }) => !link.parentElement.hidden)?.link.click();
  });
  addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (/^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement?.tagName ?? "")) return;
    event.preventDefault();
    field?.focus();
  });

  // The part that is read is marked in the list of operations.
  const byAnchor = new Map(links.map(({ link }) => [link.hash.slice(1), link]));
  let current = null;
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      const link = byAnchor.get(entry.target.id);
      if (!entry.isIntersecting || !link || link === current) continue;
      current?.removeAttribute("aria-current");
      (current = link).setAttribute("aria-current", "true");
      const list = link.closest(".nav");
      const box = link.getBoundingClientRect(), frame = list.getBoundingClientRect();
      if (box.top < frame.top || box.bottom > frame.bottom) list.scrollTop += box.top - frame.top - frame.height / 3;
    }
  }, { rootMargin: "-15% 0px -75% 0px" });
  for (const part of all("main [id]")) if (byAnchor.has(part.id)) seen.observe(part);

  // Copy: an address, or the code that is seen in the same panel.
  const copyIcon = document.getElementById("copy-icon");
  for (const place of copyIcon ? all(".tabs, .address dd") : []) {
    const button = make("button", { type: "button", className: "tool copy" }, copyIcon.content.cloneNode(true));
    if (place.tagName === "DD") button.dataset.text = place.textContent;
    button.setAttribute("aria-label", "Copy");
    place.append(button);
  }
  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.(".copy");
    if (!button) return;
    const text = button.dataset.text ?? all("pre", button.parentElement.closest(".tabs, .panel")).find((code) => code.offsetParent)?.textContent;
    try { await navigator.clipboard.writeText(text ?? ""); } catch { return; }
    button.dataset.done = "";
    setTimeout(() => delete button.dataset.done, 1200);
  });

  // A language that is chosen once is chosen everywhere.
  const choose = (language) => all(`input[data-language="${CSS.escape(language)}"]`).forEach((input) => { input.checked = true; });
  document.addEventListener("change", (event) => {
    const language = event.target.dataset?.language;
    if (!language) return;
    const top = event.target.getBoundingClientRect().top;
    choose(language);
    remember("language", language);
    scrollBy(0, event.target.getBoundingClientRect().top - top);
  });
  const language = recall("language");
  if (language) choose(language);

  // "Try it": a form for each operation, made when it is asked for.
  const page = document.getElementById("main");
  const keys = {};
  const encode = (text) => encodeURIComponent(text).replace(/[!'()*]/g, (each) => "%" + each.charCodeAt(0).toString(16).toUpperCase());
  // The reserved characters that a parameter may have as they are, but for the one between the parts of its value.
  const kept = /%(?:2F|21|24|27|28|29|2A|2C|3B|3D|3A|40|3F)/g;
  const encoder = ({ reserved, style, explode }) => {
    const between = style === "form" && explode !== "true" ? "%2C" : "%3D";
    return reserved === undefined ? encode : (text) => encode(text).replace(kept, (code) => code === between ? code : decodeURIComponent(code));
  };
  // A list or an object is typed as JSON. Numbers that JSON.parse would round stay as they were typed.
  const exact = (text) => text.replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g, (token) => token[0] === '"' || token.length < 16 ? token : `"${token}"`);
  const parsed = (text) => { try { return /^\s*[[{]/.test(text) ? JSON.parse(exact(text)) : text; } catch { return text; } };
  const flat = (value) => value !== null && typeof value === "object" ? JSON.stringify(value) : String(value);

  // Writes a value by its style (OpenAPI 3.1, "Style Values"), as `[name, text]` pairs.
  const deep = (name, value, encode) => {
    if (Array.isArray(value)) return value.flatMap((item) => deep(name, item, encode));
    if (value === null || typeof value !== "object") return [[name, encode(String(value))]];
    return Object.entries(value).flatMap(([key, field]) => deep(`${name}%5B${encode(key)}%5D`, field, encode));
  };
  const written = (name, value, style, explode, encode) => {
    const separator = { spaceDelimited: "%20", pipeDelimited: "%7C" }[style] ?? ",";
    if (Array.isArray(value)) {
      const items = value.map((item) => encode(flat(item)));
      return explode && style === "form" ? items.map((item) => [name, item]) : [[name, items.join(separator)]];
    }
    if (value !== null && typeof value === "object") {
      if (style === "deepObject") return deep(name, value, encode);
      const fields = Object.entries(value).map(([key, field]) => [encode(key), encode(flat(field))]);
      if (style === "form" && explode) return fields;
      return [[name, fields.map(([key, field]) => key + (explode ? "=" : ",") + field).join(separator)]];
    }
    return [[name, encode(String(value))]];
  };
  const inPath = (value, { name, style, explode }) => {
    const isList = Array.isArray(value), isObject = !isList && value !== null && typeof value === "object";
    if (style === "matrix" && explode === "true" && (isList || isObject)) {
      return written(encode(name), value, "form", true, encode).map(([key, text]) => `;${key}=${text}`).join("");
    }
    const [[, text]] = written(encode(name), value, "simple", explode === "true", encode);
    if (style === "label") return "." + (explode === "true" ? text.replaceAll(",", ".") : text);
    return style === "matrix" ? `;${encode(name)}=${text}` : text;
  };

  const request = (operation, form) => {
    let path = operation.dataset.path;
    const query = [], headers = new Headers(), cookies = [];
    for (const input of all("[data-name]", form)) {
      if (input.value === "") continue;
      const { name, place, style, kind } = input.dataset, explode = input.dataset.explode === "true";
      const value = kind === "value" ? parsed(input.value) : input.value, inQuery = encoder(input.dataset);
      if (place === "path") path = path.replaceAll(`{${name}}`, () => inPath(value, input.dataset));
      else if (kind === "whole") query.push(encode(value));
      else if (place === "query" && kind === "content") query.push(inQuery(name) + "=" + inQuery(value));
      else if (place === "query") query.push(...written(inQuery(name), value, style, explode, inQuery).map((pair) => pair.join("=")));
      else if (place === "header") headers.set(name, decodeURIComponent(written(name, value, "simple", explode, encode)[0][1]));
      else cookies.push(name);
    }
    for (const input of all("[data-key]", form)) {
      keys[input.dataset.key] = input.value;
      if (input.value === "") continue;
      const [place, name] = [input.dataset.place, input.dataset.key];
      if (place === "query") query.push(encode(name) + "=" + encode(input.value));
      else headers.set(place === "header" ? name : "authorization", place === "header" ? input.value : `${place} ${input.value}`);
    }
    const options = { method: operation.dataset.method, headers, cache: "no-store", credentials: "omit", referrerPolicy: "no-referrer" };
    // No page of another origin can send this header.
    if (page.dataset.through) headers.set("x-apigw-try", "1");
    const body = form.querySelector("[data-body]"), parts = all("[data-part]", form);
    const content = body?.type === "file" ? body.files[0] : body?.value;
    if (content && !/^(GET|HEAD)$/.test(options.method)) {
      headers.set("content-type", body.dataset.body);
      options.body = content;
    }
    if (parts.length > 0) {
      // `FormData` would make a file of each part that has a media type.
      const boundary = `part-${Array.from({ length: 3 }, () => Math.random().toString(36).slice(2)).join("")}`;
      const quoted = (name) => name.replace(/["\r\n]/g, encodeURIComponent);
      const pieces = [];
      for (const { type, files, value, dataset } of parts) {
        if (type === "file" ? !files[0] : value === "") continue;
        const file = type === "file" ? `; filename="${quoted(files[0].name)}"` : "";
        const media = type === "file" ? files[0].type || dataset.type || "application/octet-stream" : dataset.type;
        const kind = media ? `\r\nContent-Type: ${media}` : "";
        pieces.push(`--${boundary}\r\nContent-Disposition: form-data; name="${quoted(dataset.part)}"${file}${kind}\r\n\r\n`);
        pieces.push(type === "file" ? files[0] : value, "\r\n");
      }
      headers.set("content-type", `multipart/form-data; boundary=${boundary}`);
      options.body = new Blob([...pieces, `--${boundary}--\r\n`]);
    }
    const base = form.querySelector("[data-base]").value;
    return [base + path + (query.length ? (path.includes("?") ? "&" : "?") + query.join("&") : ""), options, cookies];
  };

  const send = async (operation, form, output) => {
    output.replaceChildren("Sending…");
    const begun = performance.now();
    try {
      const [address, options, cookies] = request(operation, form);
      if (/\{[^}]+\}/.test(address)) throw new Error("a path parameter has no value");
      const response = await fetch(address, options);
      const text = await response.text();
      let shown = text;
      try { shown = JSON.stringify(JSON.parse(text), null, 2); } catch { /* not JSON */ }
      const duration = Math.round(performance.now() - begun);
      const headers = [...response.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
      output.replaceChildren(
        make("strong", { textContent: `${response.status} ${response.statusText}`, className: `s${Math.floor(response.status / 100)}` }),
        make("span", { className: "small", textContent: `${duration} ms, ${text.length} characters${cookies.length ? "; cookies are left to the browser" : ""}` }),
        make("pre", { tabIndex: 0, textContent: headers }),
        make("pre", { tabIndex: 0, textContent: shown.slice(0, 200000) }),
      );
    } catch (error) {
      const hint = page.dataset.through ? "" : " The API must allow pages of other origins (its setting cors), and this page must be allowed to reach it.";
      output.replaceChildren(make("strong", { className: "s5", textContent: "No response" }), make("span", { textContent: `${error.message}.${hint}` }));
    }
  };

  const labelled = (text, input) => make("label", {}, text, input);
  const open = (operation, button) => {
    const form = make("form", { className: "try", autocomplete: "off" });
    const bases = JSON.parse(page.dataset.servers ?? "[]");
    const server = make("select", {}, ...bases.map((base) => make("option", { value: base, textContent: base })));
    if (page.dataset.through) server.replaceChildren(make("option", { value: page.dataset.through, textContent: "through this page" }));
    server.dataset.base = "";
    form.append(labelled("Server", server));
    for (const { place, name, label } of JSON.parse(page.dataset.keys ?? "[]")) {
      const input = make("input", { type: "password", autocomplete: "off", spellcheck: false, value: keys[name] ?? "" });
      Object.assign(input.dataset, { key: name, place });
      form.append(labelled(label, input));
    }
    for (const row of all("[data-parameter]", operation)) {
      const { parameter: name, place, style, explode, reserved, example, input: kind } = row.dataset;
      const input = make("input", { value: example ?? "", spellcheck: false });
      Object.assign(input.dataset, { name, place, style, explode, kind }, reserved === undefined ? {} : { reserved });
      form.append(labelled(`${name} (${place})`, input));
    }
    const sample = operation.querySelector("[data-sample]");
    const parts = sample ? all("[data-part]", sample) : [];
    if (sample && parts.length === 0) {
      const input = "file" in sample.dataset ? make("input", { type: "file" }) : make("textarea", { value: sample.textContent, spellcheck: false });
      input.dataset.body = sample.dataset.sample;
      form.append(labelled(`Body (${sample.dataset.sample})`, input));
    }
    for (const part of parts) {
      const input = "file" in part.dataset ? make("input", { type: "file" }) : make("input", { value: part.textContent, spellcheck: false });
      Object.assign(input.dataset, part.dataset);
      form.append(labelled(`${part.dataset.part} (${"file" in part.dataset ? "file" : "form"})`, input));
    }
    const output = make("output", {});
    output.setAttribute("aria-live", "polite");
    form.append(make("button", { className: "act", textContent: "Send" }), output);
    form.addEventListener("submit", (event) => { event.preventDefault(); send(operation, form, output); });
    button.replaceWith(form);
    form.querySelector("input, select, textarea")?.focus();
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-try]");
    if (button) open(button.closest(".op"), button);
  });

  // Served pages follow what is live: they are loaded again once the state has another name. Without a response, they say since when
  // they may be wrong: one that is missed may be a restart, two are a loss.
  const state = root.dataset.state;
  if (state) {
    const notice = make("p", { className: "banner lost", hidden: true });
    notice.setAttribute("role", "alert");
    document.querySelector(".bar").after(notice);
    const readable = (time) => time.toISOString().slice(0, 19).replace("T", " ");
    let right = new Date(), missed = 0;
    const follow = async () => {
      try {
        const response = await fetch(root.dataset.stateAddress, { cache: "no-store", signal: AbortSignal.timeout(4000) });
        const now = await response.text();
        if (!response.ok || now.length !== state.length) throw new Error("no state");
        if (now !== state && !document.querySelector("form.try")) location.reload();
        [right, missed] = [new Date(), 0];
      } catch { missed += 1; }
      root.classList.toggle("adrift", missed > 1);
      notice.hidden = missed < 2;
      if (missed === 2) notice.textContent = `The gateway has not answered since ${readable(right)} UTC: what stands here was right then.`;
      setTimeout(follow, 2000);
    };
    setTimeout(follow, 2000);
  }
})();
