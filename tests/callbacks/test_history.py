"""History."""

from sknumpy_mlp.callbacks import History, TimeLimit
from tests.callbacks.conftest import SETTINGS, X, make_event, make_run, y
from tests.conftest import plain_estimators, unconverged

pytestmark = unconverged


def test_history_keeps_columns():
    history = History()
    for _ in range(2):
        history.on_train_begin(make_run())
        for epoch in (1, 2):
            assert not history.on_epoch_end(
                make_event(epoch, validation_loss=epoch / 2)
            )
    assert history["epoch"] == [1, 2]
    assert history["validation_loss"] == [0.5, 1.0]
    assert history["validation_score"] == [None, None]
    assert history.records[0]["seconds"] == 1.0


def test_a_state_holds_the_records_of_the_current_network():
    history, resumed = History(), History()
    for member in (0, 1):
        history.on_train_begin(make_run(member=member))
        for epoch in (1, 2):
            history.on_epoch_end(make_event(epoch, member=member))
        state = history.state_dict()
        resumed.on_train_begin(make_run(member=member))
        for _ in range(2):  # twice is once
            resumed.load_state_dict(state)
    assert state == {"records": history.records[2:]}
    assert resumed.records == history.records


@plain_estimators
def test_history_and_time_limit(Estimator):
    history = History()
    est = Estimator(callbacks=[history, TimeLimit(1e-9)], **SETTINGS).fit(X, y)
    assert est.n_iter_ == 1
    assert history["loss"] == est.loss_curve_
    assert history["learning_rate"] == est.learning_rate_curve_
