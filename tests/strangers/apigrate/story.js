// Do what a quoting tool does with @apigrate/autotask-restapi and print, as JSON, how each step went.
// usage: node story.js SANDBOX_URL CODE USER SECRET
"use strict";

const { AutotaskRestApi } = require("@apigrate/autotask-restapi");

const [sandbox, code, user, secret] = process.argv.slice(2);
const told = {};

// The base address, which is all that is changed.
const connect = (name = user, key = secret) =>
  new AutotaskRestApi(name, key, code, { base_url: `${sandbox}/ATServicesRest/` });
const autotask = connect();

const many = { op: "eq", field: "manufacturerName", value: "Many" };
const newer = (id) => ({ op: "gt", field: "id", value: id });
const field = (fields, name) => fields.find((one) => one.name === name);

// The name and the status of what the client throws.
const refusal = async (work) => {
  try {
    return await work();
  } catch (error) {
    return { name: error.constructor.name, status: error.status, errors: error.details && error.details.errors };
  }
};

const steps = {
  async get() {
    return (await autotask.Companies.get(0)).item.companyName;
  },
  async zone() {
    return autotask.zoneInfo;
  },
  async missing() {
    return await autotask.Companies.get(99999999);
  },
  async query() {
    const found = await autotask.Companies.query({
      filter: [{ op: "beginsWith", field: "CompanyName", value: "Alder" }],
      includeFields: ["Id", "companyName", "city"],
    });
    return { items: found.items.map((item) => Object.keys(item).sort()), details: found.pageDetails };
  },
  async nested_query() {
    const either = ["FortiGate Firewall 60F", "UPS BE600"].map((name) => ({ op: "eq", field: "name", value: name }));
    const found = await autotask.Products.query({ filter: [{ op: "or", items: either }] });
    return found.items.map((item) => item.name).sort();
  },
  async count() {
    return (await autotask.Products.count({ filter: [many] })).queryCount;
  },
  async paging() {
    const names = [];
    let last = 0;
    let page;
    do {
      page = await autotask.Products.query({ filter: [many, newer(last)] });
      names.push(...page.items.map((item) => item.name));
      last = page.items[page.items.length - 1].id;
    } while (page.pageDetails.nextPageUrl);
    return { all: names.length, distinct: new Set(names).size };
  },
  async info() {
    return (await autotask.Quotes.info()).info.canDelete;
  },
  async picklists() {
    const stages = field((await autotask.Opportunities.fieldInfo()).fields, "stage").picklistValues;
    told.stage = Number(stages.find((one) => one.label === "Qualified").value);
    return stages.filter((one) => one.isActive).map((one) => one.label).sort();
  },
  async user_defined_fields() {
    return (await autotask.Companies.udfInfo()).fields.map((one) => one.name);
  },
  async company() {
    told.owner = (await autotask.Resources.query({ filter: [newer(0)] })).items[0].id;
    const made = await autotask.Companies.create({
      CompanyName: "Stranger & Sons",
      CompanyType: 3,
      Phone: "8005551212",
      OwnerResourceID: told.owner,
    });
    told.company = made.itemId;
    return Object.keys(made);
  },
  async update() {
    await autotask.Companies.update({ id: told.company, phone: "1112223344" });
    const item = (await autotask.Companies.get(told.company)).item;
    return [item.companyName, item.phone];
  },
  async contact() {
    const body = { firstName: "Zaphod", lastName: "Stranger", isActive: 1 };
    told.contact = (await autotask.CompanyContacts.create(told.company, body)).itemId;
    await autotask.CompanyContacts.update(told.company, { id: told.contact, title: "President" });
    return (await autotask.Contacts.get(told.contact)).item.title;
  },
  // As in the client's own tests: a contact of the own company, made, replaced and deleted.
  async own_contact() {
    const body = { companyID: 0, firstName: "Tester", middleInitial: "Xavier", lastName: "Testington", isActive: 0 };
    const id = (await autotask.CompanyContacts.create(0, body)).itemId;
    const next = { id, title: "Commander", firstName: "William", lastName: "Adama", isActive: 1 };
    await autotask.CompanyContacts.replace(0, next);
    const { firstName, middleInitial, isActive } = (await autotask.Contacts.get(id)).item;
    await autotask.CompanyContacts.delete(0, id);
    return { firstName, middleInitial, isActive, gone: (await autotask.Contacts.get(id)).item };
  },
  async opportunity() {
    const made = await autotask.Opportunities.create({
      title: "Brought by a stranger",
      companyID: told.company,
      contactID: told.contact,
      ownerResourceID: told.owner,
      amount: 0,
      cost: 0,
      probability: 50,
      stage: told.stage,
      status: 1,
      startDate: "2026-11-01",
      projectedCloseDate: "2026-12-01",
      useQuoteTotals: true,
    });
    told.opportunity = made.itemId;
    return (await autotask.Opportunities.get(told.opportunity)).item.title;
  },
  async quote() {
    const place = (await autotask.QuoteLocations.create({ address1: "1 Main Street", city: "Austin" })).itemId;
    const made = await autotask.Quotes.create({
      name: "A stranger's quote",
      opportunityID: told.opportunity,
      effectiveDate: "2026-11-01",
      expirationDate: "2026-12-01",
      billToLocationID: place,
      shipToLocationID: place,
      soldToLocationID: place,
    });
    told.quote = made.itemId;
    return (await autotask.Quotes.get(told.quote)).item.primaryQuote;
  },
  async items() {
    const product = (await autotask.Products.query({ filter: [newer(0)], maxRecords: 1 })).items[0].id;
    const zero = { unitDiscount: 0, percentageDiscount: 0, lineDiscount: 0, isOptional: false };
    for (const place of [1, 2]) {
      const body = { quoteItemType: 1, productID: product, sortOrderID: place, quantity: place + 1, unitPrice: 10 };
      await autotask.QuoteItems.create(told.quote, { ...body, ...zero });
    }
    const made = await autotask.QuoteItems.query({ filter: [{ op: "eq", field: "quoteID", value: told.quote }] });
    told.item = made.items[0].id;
    return made.items.map((item) => item.quantity);
  },
  async amount_follows() {
    return (await autotask.Opportunities.get(told.opportunity)).item.amount;
  },
  async replace() {
    const item = (await autotask.QuoteItems.get(told.item)).item;
    const kept = ["id", "quoteID", "quoteItemType", "productID", "isOptional", "sortOrderID"];
    const zero = { unitDiscount: 0, percentageDiscount: 0, lineDiscount: 0 };
    const body = Object.fromEntries(kept.map((name) => [name, item[name]]));
    await autotask.QuoteItems.replace(told.quote, { ...body, ...zero, quantity: 7 });
    const replaced = (await autotask.QuoteItems.get(told.item)).item;
    return [replaced.quantity, replaced.unitPrice];
  },
  async delete() {
    await autotask.QuoteItems.delete(told.quote, told.item);
    return (await autotask.QuoteItems.get(told.item)).item;
  },
  async attachment() {
    const made = await autotask.OpportunityAttachments.create(told.opportunity, {
      attachmentType: "FILE_ATTACHMENT",
      title: "Proposal",
      fullPath: "proposal.pdf",
      publish: 1,
      data: Buffer.from("%PDF-1.7 by a stranger").toString("base64"),
    });
    const file = await autotask.OpportunityAttachments.get(told.opportunity, made.itemId);
    const listed = await autotask.OpportunityAttachments.query({
      filter: [{ op: "eq", field: "parentID", value: told.opportunity }],
    });
    return {
      content: Buffer.from(file.items[0].data, "base64").toString(),
      listed: listed.items.map((item) => item.data),
    };
  },
  async threshold() {
    return Object.keys(await autotask._get("/ThresholdInformation")).sort();
  },
  async webhook() {
    const made = await autotask.CompanyWebhooks.create({
      name: "Stranger",
      webhookUrl: "http://127.0.0.1:9/",
      deactivationUrl: "http://127.0.0.1:9/",
      secretKey: "0123456789",
      isSubscribedToUpdateEvents: true,
    });
    const names = field((await autotask.CompanyWebhookFields.fieldInfo()).fields, "fieldID").picklistValues;
    const phone = Number(names.find((one) => one.label === "phone").value);
    await autotask.CompanyWebhookFields.create(made.itemId, { fieldID: phone, isSubscribedField: true });
    const ready = (await autotask.CompanyWebhooks.get(made.itemId)).item.isReady;
    await autotask.CompanyWebhooks.delete(made.itemId);
    return ready;
  },
  async refusals() {
    return {
      flat: await refusal(() => autotask._post("/QuoteItems", { quoteID: told.quote })),
      missing: await refusal(() => autotask.Companies.create({ CompanyName: "Half" })),
      verb: await refusal(() => autotask.Quotes.delete(told.quote)),
      secret: await refusal(() => connect(user, "wrong").Companies.get(0)),
    };
  },
};

(async () => {
  const results = {};
  for (const [name, work] of Object.entries(steps)) {
    try {
      results[name] = await work();
    } catch (error) {
      results[name] = { failed: String(error) };
    }
  }
  console.log(JSON.stringify(results));
})();
