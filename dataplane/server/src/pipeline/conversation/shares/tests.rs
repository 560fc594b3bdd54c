#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail loudly")]

use proptest::prelude::*;

use super::*;

/// One conversation as the model keeps it: in a list, searched from end to end.
#[derive(Clone, Copy, Debug)]
struct Held {
    client: usize,
    turn: Turn,
    amount: usize,
}

#[derive(Clone, Debug)]
enum Act {
    Add { client: usize, stage: Stage, amount: usize },
    Remove { which: usize },
    GiveUp,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let stage = prop_oneof![Just(Stage::Beginning), Just(Stage::Handshake), Just(Stage::Certified)];
    let act = prop_oneof![
        4 => (0..5_usize, stage, 0..4_usize).prop_map(|(client, stage, amount)| Act::Add { client, stage, amount }),
        1 => any::<usize>().prop_map(|which| Act::Remove { which }),
        2 => Just(Act::GiveUp),
    ];
    proptest::collection::vec(act, 0..200)
}

fn identity(number: u64) -> ConversationId {
    ConversationId(u128::from(number).to_be_bytes())
}

fn amount_of(model: &[Held], client: usize) -> usize {
    model.iter().filter(|held| held.client == client).map(|held| held.amount).sum()
}

/// The rule in words, by looking at everything.
fn who_goes(model: &[Held]) -> Option<Held> {
    let most = (0..5).map(|client| amount_of(model, client)).max()?;
    let candidates = model.iter().filter(|held| amount_of(model, held.client) == most);
    candidates.min_by_key(|held| held.turn).copied()
}

proptest! {
    #[test]
    fn who_has_to_go_is_who_a_plain_search_finds(acts in acts()) {
        let names: Vec<Arc<str>> = (0..5).map(|number| format!("switch-{number}").into()).collect();
        let (mut shares, mut model, mut opened) = (Shares::default(), Vec::<Held>::new(), 0);
        for act in acts {
            match act {
                Act::Add { client, stage, amount } => {
                    opened += 1;
                    shares.add(&names[client], (stage, opened), identity(opened), amount);
                    model.extend((amount > 0).then_some(Held { client, turn: (stage, opened), amount }));
                }
                Act::Remove { which } if !model.is_empty() => {
                    let held = model.swap_remove(which % model.len());
                    shares.remove(&names[held.client], held.turn);
                }
                Act::Remove { .. } => shares.remove(&names[0], (Stage::Beginning, 0)),
                Act::GiveUp => {
                    let goes = who_goes(&model);
                    prop_assert_eq!(shares.next(), goes.map(|held| identity(held.turn.1)));
                    if let Some(held) = goes {
                        shares.remove(&names[held.client], held.turn);
                        model.retain(|other| other.turn != held.turn);
                    }
                }
            }
            let clients: std::collections::HashSet<_> = model.iter().map(|held| held.client).collect();
            prop_assert_eq!(shares.total(), model.iter().map(|held| held.amount).sum::<usize>());
            prop_assert_eq!((shares.clients.len(), shares.ranking.len()), (clients.len(), clients.len()));
        }
    }
}
