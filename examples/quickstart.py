"""The whole way in Python: load, train, judge, predict."""

import retinue

data = retinue.load_data("digits")
print(data)

run = retinue.train(data, model="cnn", epochs=3)
print(retinue.evaluate(run))

for prediction in retinue.predict(run, data.test.images[:3]):
    print(prediction)
